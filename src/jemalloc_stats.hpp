// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <zpmr/allocator_resource.hpp>

/// \file
/// jemalloc's figures. Thread safety: any thread, at any time.

namespace zpmr::detail::je {

/// Returns: the figures of `arena`, which may be `all_arenas`, of one moment. Complexity: one
/// refresh of jemalloc's figures, and two reads for each size class of small blocks.
allocator_stats stats_of(unsigned arena) noexcept;

/// Returns: how many pages jemalloc has given back to the system since the start, lazily or at
/// once; never decreases. 0 if it does not tell.
std::uint64_t purged_pages() noexcept;

/// Effects: calls `deed`. Returns: whether pages were given back to the system meanwhile.
template <class F>
bool purges(F deed) noexcept {
  const std::uint64_t before = purged_pages();
  deed();
  return purged_pages() > before;
}

}  // namespace zpmr::detail::je
