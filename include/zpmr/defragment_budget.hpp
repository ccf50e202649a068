// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <type_traits>

/// \file
/// How much one call of `defragment` may do, and what it did.
///
/// Thread safety: plain values.
///
/// \snippet defragment_a_cache.cpp example

namespace zpmr {

/// What one call may do; at least one element is looked at, with all that it holds.
struct defragment_budget {
  /// After it, no further element is begun. The clock is read after an element, where 16 elements
  /// have passed or 16 blocks were looked at since the last time.
  std::chrono::nanoseconds time = std::chrono::nanoseconds::max();
  /// Of blocks that are looked at, whether they move or not.
  std::size_t bytes = SIZE_MAX;
};

/// What one call did.
struct defragment_figures {
  std::size_t examined = 0;      ///< blocks of which the allocator could say how they lie
  std::size_t moved_blocks = 0;  ///< of these
  std::size_t moved_bytes = 0;   ///< usable bytes of the moved blocks
  /// In slabs that have become empty, as far as can be seen (not by moving arrays of buckets). The
  /// allocator gives their pages back to the system when it sees fit, or in `release_free_memory`.
  /// A part of it the moved blocks take elsewhere.
  std::size_t emptied_bytes = 0;
  std::size_t no_room = 0;  ///< blocks that stayed as there was no memory for a second one
  bool finished = false;    ///< the container was gone through to its end

  friend bool operator==(const defragment_figures&, const defragment_figures&) = default;
};

static_assert(std::is_aggregate_v<defragment_budget> && std::is_aggregate_v<defragment_figures>);

}  // namespace zpmr
