// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <zpmr/allocator_resource.hpp>

/// \file
/// jemalloc's figures, and what changes them. Thread safety: any thread, at any time.

namespace zpmr::detail::je {

/// Returns: the figures of `arena`, which may be `all_arenas`, of one moment. Complexity: one
/// refresh of jemalloc's figures, and one read for each size class of small blocks.
allocator_stats stats_of(unsigned arena) noexcept;

/// Returns: how many pages `arena`, which may be `all_arenas`, has given back to the system since
/// the start, lazily or at once; never decreases while the arena lives. 0 if jemalloc does not
/// tell.
std::uint64_t purged_pages(unsigned arena) noexcept;

/// Effects: gives all pages of `arena`, which may be `all_arenas`, that hold no block back to the
/// system.
void purge(unsigned arena) noexcept;

/// Effects: calls `deed`. Returns: whether pages of `arena` were given back to the system
/// meanwhile.
template <class F>
bool purges(unsigned arena, F deed) noexcept {
  const std::uint64_t before = purged_pages(arena);
  deed();
  return purged_pages(arena) > before;
}

}  // namespace zpmr::detail::je
