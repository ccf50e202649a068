// SPDX-License-Identifier: MIT
#include "diagnostics/guards.hpp"

#include <cstdint>
#include <cstring>

// There where the program is built with the address sanitizer, whether zpmr is or not.
extern "C" {
[[gnu::weak]] void __asan_poison_memory_region(const volatile void* start, std::size_t bytes);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* start, std::size_t bytes);
}

namespace zpmr::detail {
namespace {

constexpr std::byte poison{0xde};

void close(const void* start, std::size_t bytes) noexcept {
  if (&__asan_poison_memory_region != nullptr) __asan_poison_memory_region(start, bytes);
}

/// Follows from the address, so that no run of equal bytes is taken for it.
std::byte guard_at(const std::byte* place) noexcept {
  return std::byte(0xa0 | (reinterpret_cast<std::uintptr_t>(place) & 0x0f));
}

std::byte* writable(const void* place) noexcept {
  return static_cast<std::byte*>(const_cast<void*>(place));
}

void write_guard(std::byte* guard) noexcept {
  open(guard, guard_bytes);
  for (std::byte* place = guard; place != guard + guard_bytes; ++place) *place = guard_at(place);
  close(guard, guard_bytes);
}

/// Returns: the first byte that was overwritten, or nullptr.
const std::byte* mend_guard(std::byte* guard) noexcept {
  open(guard, guard_bytes);
  const std::byte* const end = guard + guard_bytes;
  const std::byte* const wrong =
      std::find_if(const_cast<const std::byte*>(guard), end,
                   [](const std::byte& each) { return each != guard_at(&each); });
  write_guard(guard);
  return wrong != end ? wrong : nullptr;
}

/// Returns: the first byte that was overwritten, or nullptr.
const std::byte* mend_poison(std::byte* start, std::size_t bytes) noexcept {
  // The first is poison, and each is as the one before it: that the C library finds out fast.
  if (bytes == 0 || (*start == poison && std::memcmp(start, start + 1, bytes - 1) == 0)) {
    return nullptr;
  }
  const std::byte* const wrong =
      std::find_if(start, start + bytes, [](std::byte each) { return each != poison; });
  std::memset(start, static_cast<int>(poison), bytes);
  return wrong;
}

}  // namespace

void open(const void* start, std::size_t total) noexcept {
  if (&__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(start, total);
}

void write_guards(const void* block, std::size_t bytes) noexcept {
  write_guard(writable(block) - guard_bytes);
  write_guard(writable(block) + bytes);
}

std::optional<damage> mend_guards(const void* block, std::size_t bytes) noexcept {
  std::byte* const start = writable(block);
  if (const std::byte* const wrong = mend_guard(start - guard_bytes)) {
    return damage{misuse_kind::written_before_start, wrong - start};
  }
  if (const std::byte* const wrong = mend_guard(start + bytes)) {
    return damage{misuse_kind::written_past_end, wrong - start};
  }
  return std::nullopt;
}

void retire(const void* block, std::size_t bytes, freed_bytes freed) noexcept {
  if (freed == freed_bytes::poisoned) std::memset(writable(block), static_cast<int>(poison), bytes);
  close(block, bytes);
}

std::optional<damage> mend_retired(const void* block, std::size_t bytes,
                                   freed_bytes freed) noexcept {
  if (const auto around = mend_guards(block, bytes)) {
    return damage{misuse_kind::written_after_free, around->offset};
  }
  if (freed == freed_bytes::kept) return std::nullopt;
  open(block, bytes);
  const std::byte* const wrong = mend_poison(writable(block), bytes);
  close(block, bytes);
  if (wrong == nullptr) return std::nullopt;
  return damage{misuse_kind::written_after_free, wrong - static_cast<const std::byte*>(block)};
}

}  // namespace zpmr::detail
