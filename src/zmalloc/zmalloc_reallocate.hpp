// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "zmalloc/zmalloc_blocks.hpp"

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
  void* const now =
      wanted > size ? grow(block, size, bytes, wanted) : shrink(block, size, bytes, wanted);
  if (now != nullptr && usable != nullptr) *usable = usable_size(now);
  return now;
}

template <class Allocator>
void* zmalloc_blocks<Allocator>::grow(void* block, std::size_t size, std::size_t bytes,
                                      std::size_t wanted) noexcept {
  if (Allocator::may_resize_in_place(size)) {
    zmalloc_charge difference(part_of_block(wanted - size));
    if (difference.is_refused()) return nullptr;
    if (Allocator::resize_in_place(block, size, bytes) == wanted) {
      difference.keep_overdrawn(wanted - size);
      return block;
    }
  }
  // Where the allocator's own realloc asks for more, so that growing by small steps does not copy
  // each time, that is tried first.
  const std::size_t roomy = Allocator::roomy_size(size, bytes);
  if (roomy != bytes) {
    if (void* const moved = move(block, size, roomy, question::to_nobody)) return moved;
  }
  return move(block, size, bytes, question::to_policies);
}

template <class Allocator>
void* zmalloc_blocks<Allocator>::shrink(void* block, std::size_t size, std::size_t bytes,
                                        std::size_t wanted) noexcept {
  if (wanted == size || !Allocator::is_worth_shrinking(size, bytes)) return block;
  if constexpr (Allocator::shrinks_in_place) {
    void* const smaller = Allocator::reallocate(block, size, bytes);
    if (smaller == nullptr) return block;
    zmalloc_charge::take_off(part_of_block(size - Allocator::size_of(smaller)));
    return smaller;
  } else {
    const std::size_t now = Allocator::resize_in_place(block, size, bytes);
    if (now < size) {
      zmalloc_charge::take_off(part_of_block(size - now));
      return block;
    }
    // Where the smaller block does not fit beside the larger one, the larger one stays.
    void* const moved = move(block, size, bytes, question::to_nobody);
    return moved != nullptr ? moved : block;
  }
}

/// Until the old block is free there are two, and both are charged. Once it is free nothing can be
/// refused any more.
template <class Allocator>
void* zmalloc_blocks<Allocator>::move(void* block, std::size_t size, std::size_t bytes,
                                      question asks) noexcept {
  const std::size_t wanted = Allocator::size_for(bytes);
  if (wanted == 0) return nullptr;
  zmalloc_charge second(part_of_block(wanted), asks);
  void* const moved = ask(second, [=] { return Allocator::reallocate(block, size, bytes); });
  if (moved == nullptr) return nullptr;
  const std::size_t now = Allocator::tells_size_beforehand ? wanted : Allocator::size_of(moved);
  if (Allocator::hides_moves && now > size) {
    second.keep_overdrawn(now - size);  // one block, as far as anybody can tell
  } else {
    second.keep_overdrawn(now);
    zmalloc_charge::take_off(part_of_block(size));
  }
  return moved;
}

}  // namespace zpmr::detail
