// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

/// \file
/// What zmalloc.h asks of an allocator: to allocate, to free, and to tell of sizes. Everything else
/// is the same on all of them.

namespace zpmr::detail {

/// What holds where an allocator says nothing else. The allocator itself has
///
///   known_size(bytes)                    the size of a block for that request; 0 if it is not
///   known
///                                        without asking, or large
///   size_for(bytes, aligned)             the same, known or not; 0 if there can be no such block
///   size_of(block)                       the same of a block
///   allocate(bytes), allocate_zeroed(bytes), allocate_aligned(aligned, bytes)
///   reallocate(block, size, bytes)       null where they fail, as with realloc
///   free(block, size)
///
/// and, if it has a cache that can be left out, allocate_uncached(bytes), free_uncached(block,
/// size). A block's size is what it is charged.
struct zmalloc_allocator {
  static constexpr std::size_t alignment = alignof(std::max_align_t);

  /// Whether a block has the size that was told beforehand.
  static constexpr bool tells_size_beforehand = true;
  /// Whether nobody can tell if its reallocate had two blocks for a while.
  static constexpr bool hides_moves = false;
  /// Whether a block that is made smaller stays where it is.
  static constexpr bool shrinks_in_place = false;

  /// Returns: how much of the block of that size may be written; and the other way.
  static std::size_t usable(const void*, std::size_t size) noexcept { return size; }
  static std::size_t size_with(const void*, std::size_t usable) noexcept { return usable; }

  /// Whether a block of that size may become one of another in place; and does that, if it can.
  /// Returns: its size afterwards.
  static bool may_resize_in_place(std::size_t) noexcept { return false; }
  static std::size_t resize_in_place(void*, std::size_t size, std::size_t) noexcept { return size; }

  /// Returns: what to ask for where a block of that size has to move to hold `bytes`.
  static std::size_t roomy_size(std::size_t, std::size_t bytes) noexcept { return bytes; }
  static bool is_worth_shrinking(std::size_t, std::size_t) noexcept { return true; }
};

}  // namespace zpmr::detail
