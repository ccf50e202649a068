// SPDX-License-Identifier: MIT
#include <new>
#include <stdexcept>
#include <zpmr/default_allocator.hpp>
#include <zpmr/zmalloc.hpp>

#include "zmalloc/zmalloc_functions.hpp"

namespace zpmr {

constinit std::atomic<memory_tracker*> detail::zmalloc_account{nullptr};

namespace {

/// Makes a tracker, and sees whether it is the first. Threads that race each make one, and all but
/// one drop theirs: with a lock, the child of a fork in that moment would find it held for ever.
/// The memory comes straight from the allocator, as the program's operator new may lead back here.
/// Returns: nullptr if there was one before.
template <class... Parent>
memory_tracker* make(Parent&... parent) {
  allocator_resource& allocator = *default_allocator();
  void* const place = allocator.allocate(sizeof(memory_tracker), alignof(memory_tracker));
  auto* const made = new (place) memory_tracker("zmalloc", parent...);
  memory_tracker* earlier = nullptr;
  // Release: who finds it finds it whole.
  if (detail::zmalloc_account.compare_exchange_strong(earlier, made, std::memory_order_release,
                                                      std::memory_order_relaxed)) {
    return made;
  }
  made->~memory_tracker();
  allocator.deallocate(place, sizeof(memory_tracker), alignof(memory_tracker));
  return nullptr;
}

}  // namespace

memory_tracker& zmalloc_tracker() noexcept {
  memory_tracker* known = detail::zmalloc_account.load(std::memory_order_acquire);
  if (known == nullptr) known = make();
  return known != nullptr ? *known : *detail::zmalloc_account.load(std::memory_order_acquire);
}

memory_tracker& make_zmalloc_tracker(memory_tracker& parent) {
  if (memory_tracker* const made = make(parent)) return *made;
  throw std::logic_error(
      "zpmr: the tracker of zmalloc has been made: give its parent before the first allocation, "
      "zmalloc_set_limit() and zmalloc_tracker()");
}

}  // namespace zpmr
