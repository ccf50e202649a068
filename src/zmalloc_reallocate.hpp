// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/pending_block.hpp>

#include "zmalloc_blocks.hpp"

/// \file
/// How the blocks of zmalloc.h grow and shrink, and what they are charged meanwhile: one block
/// where it stays in place, two where it moves.

namespace zpmr::detail {

template <class Allocator>
void* zmalloc_blocks<Allocator>::reallocate(void* block, std::size_t bytes,
                                            std::size_t* usable) noexcept {
  const std::size_t size = Allocator::size_of(block);
  const std::size_t wanted = Allocator::size_for(bytes);
  if (wanted == 0) return nullptr;
  void* const now = wanted > size ? grow(block, size, bytes) : shrink(block, size, bytes, wanted);
  if (now != nullptr && usable != nullptr) *usable = usable_size(now);
  return now;
}

template <class Allocator>
void* zmalloc_blocks<Allocator>::grow(void* block, std::size_t size, std::size_t bytes) noexcept {
  const std::size_t wanted = Allocator::size_for(bytes);
  if (Allocator::may_grow_in_place(size)) {
    try {
      // Only the difference: there is one block all the time.
      pending_block difference{tracker(), part_of_block(wanted - size), false};
      if (Allocator::resize_in_place(block, bytes) == wanted) {
        difference.keep();
        return block;
      }
    } catch (...) {
      return nullptr;
    }
  }
  // It moves, and until the old block is free there are two. Where the allocator's own realloc asks
  // for more, so that growing by small steps does not copy each time, that is tried first.
  const std::size_t roomy = Allocator::roomy_size(size, bytes);
  if (roomy != bytes) {
    if (void* const moved = move_if_it_fits(block, size, roomy)) return moved;
  }
  void* const moved = charge_for<surplus::is_overdrawn>(
      wanted, nullptr, [=] { return Allocator::reallocate(block, size, bytes); });
  if (moved != nullptr) tracker().take_off(block_of(size));
  return moved;
}

template <class Allocator>
void* zmalloc_blocks<Allocator>::shrink(void* block, std::size_t size, std::size_t bytes,
                                        std::size_t wanted) noexcept {
  if (wanted == size || !Allocator::is_worth_shrinking(size, bytes)) return block;
  if constexpr (Allocator::shrinks_without_second_block) {
    void* const smaller = Allocator::reallocate(block, size, bytes);
    if (smaller == nullptr) return block;
    tracker().take_off(part_of_block(size - Allocator::size_of(smaller)));
    return smaller;
  } else {
    const std::size_t now = Allocator::resize_in_place(block, bytes);
    if (now < size) {
      tracker().take_off(part_of_block(size - now));
      return block;
    }
    // Where the smaller block does not fit beside the larger one, the larger one stays.
    void* const moved = move_if_it_fits(block, size, bytes);
    return moved != nullptr ? moved : block;
  }
}

/// Returns: where the block is now; null if there is no room or no memory for a second one. No
/// policy is asked, and nothing is denied to the caller: there is another way.
template <class Allocator>
void* zmalloc_blocks<Allocator>::move_if_it_fits(void* block, std::size_t size,
                                                 std::size_t bytes) noexcept {
  const std::size_t wanted = Allocator::size_for(bytes);
  if (wanted == 0 || wanted > tracker().remaining() || !tracker().try_charge(wanted)) {
    return nullptr;
  }
  void* const moved = Allocator::reallocate(block, size, bytes);
  tracker().take_off(part_of_block(moved != nullptr ? size : wanted));
  return moved;
}

}  // namespace zpmr::detail
