// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstddef>
#include <span>
#include <string_view>
#include <zpmr/default_allocator.hpp>

#include "allocators/process_allocators.hpp"
#include "base/check.hpp"
#include "base/environment.hpp"

namespace zpmr {
namespace {

constexpr const char* variable = "ZPMR_MALLOC";

#define ZPMR_ADDRESS(name) &detail::process_##name.value,
constinit allocator_resource* const built_in[] = {ZPMR_FOR_EACH_ALLOCATOR(ZPMR_ADDRESS)};
#undef ZPMR_ADDRESS

// No static local of default_allocator(): its guard would deadlock if choosing came back here.
constinit std::atomic<allocator_resource*> chosen{nullptr};

[[gnu::cold]] void complain_of_name(std::string_view wanted, const char* fault,
                                    const allocator_resource& instead) {
  char storage[256];
  detail::text line{storage};
  detail::append_variable(line, variable, wanted);
  line.append(" %s: using %s of", fault, instead.name().data());
  for (const allocator_resource* allocator : allocators()) {
    line.append(" %s", allocator->name().data());
  }
  detail::complain("%s", line.view().data());
}

/// Returns: the allocator that `wanted` names, also as the build's options name it, or null.
allocator_resource* find_wanted(std::string_view wanted) noexcept {
  return find_allocator(wanted == "tcmalloc_minimal" ? "tcmalloc" : wanted);
}

/// Returns: why the allocator that was wanted cannot be the choice, or null.
const char* fault_of(const allocator_resource* wanted) noexcept {
  if (wanted == nullptr) return "is not built in";
  return wanted->usable_size(1, 1) == 0 ? "has no library here" : nullptr;
}

[[gnu::cold]] allocator_resource* choose() noexcept {
  const std::string_view wanted = detail::environment(variable);
  allocator_resource* found = find_wanted(wanted);
  const char* const fault = fault_of(found);
  allocator_resource* choice = fault == nullptr ? found : find_allocator(ZPMR_DEFAULT_MALLOC_NAME);
  allocator_resource* earlier = nullptr;
  // Relaxed: what is pointed to was there before any thread.
  if (!chosen.compare_exchange_strong(earlier, choice, std::memory_order_relaxed)) {
    return earlier;
  }
  if (!wanted.empty() && fault != nullptr) {
    complain_of_name(wanted, fault, *choice);
  }
  return choice;
}

}  // namespace

std::span<allocator_resource* const> allocators() noexcept {
  return built_in;
}

allocator_resource* find_allocator(std::string_view name) noexcept {
  for (allocator_resource* allocator : allocators()) {
    if (allocator->name() == name) {
      return allocator;
    }
  }
  return nullptr;
}

allocator_resource* default_allocator() noexcept {
  allocator_resource* known = chosen.load(std::memory_order_relaxed);
  return known != nullptr ? known : choose();
}

}  // namespace zpmr
