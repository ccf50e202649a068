// SPDX-License-Identifier: MIT
#include <algorithm>

#include "relocation/relocation.hpp"

// Of the allocators only jemalloc has hints, and it is not built in.

namespace zpmr {

bool detail::reports_on_blocks(const std::pmr::memory_resource&) noexcept {
  return false;
}

detail::block_report detail::report_on(const void*) noexcept {
  return {};
}

detail::block_report detail::report_on_unseen(std::size_t) noexcept {
  return {};
}

void detail::advise_on(std::span<const void* const>, std::span<relocation> hints) noexcept {
  std::fill(hints.begin(), hints.end(), relocation::unknown);
}

bool detail::suspend_thread_cache() noexcept {
  return false;
}

void detail::resume_thread_cache() noexcept {}

}  // namespace zpmr
