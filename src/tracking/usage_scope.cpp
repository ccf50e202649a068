// SPDX-License-Identifier: MIT
#include <zpmr/memory_tracker.hpp>
#include <zpmr/usage_scope.hpp>

#include "tracking/bookkeeping.hpp"

namespace zpmr {

namespace {

// Right whichever of the two unsigned figures is the larger.
std::ptrdiff_t change(std::uint64_t from, std::uint64_t to) noexcept {
  return static_cast<std::ptrdiff_t>(to - from);
}

// Not inside the scope: a scope of another thread's stack is not there in the child of a fork, and
// its watch still is on the tracker's list.
detail::peak_watch& new_watch() {
  detail::peak_watch* const watch = detail::make_peak_watch();
  if (watch == nullptr) detail::throw_bad_alloc();
  return *watch;
}

}  // namespace

usage_scope::usage_scope(memory_tracker& tracker)
    : node_(tracker),
      peak_(new_watch()),
      start_bytes_(node_.watch(peak_)),
      start_allocations_(node_.usage().allocations) {}

usage_scope::~usage_scope() {
  node_.unwatch(peak_);
  detail::recycle(&peak_);
}

std::ptrdiff_t usage_scope::bytes() const noexcept {
  return change(start_bytes_, node_.bytes_in_use(peak_));
}

std::ptrdiff_t usage_scope::allocations() const noexcept {
  return change(start_allocations_, node_.usage().allocations);
}

std::ptrdiff_t usage_scope::peak_bytes() const noexcept {
  return change(start_bytes_, node_.peak_bytes(peak_));
}

}  // namespace zpmr
