// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "zmalloc/zmalloc_allocator.hpp"

/// \file
/// What zmalloc.h's blocks of the C library have in common, however their size is known.

namespace zpmr::detail {

struct libc_blocks : zmalloc_allocator {
  static constexpr bool hides_moves = true;
  static constexpr bool shrinks_in_place = true;

 protected:
  /// Returns: the bytes that a request stands for. The rest of the last word can be used, so it may
  /// be.
  static constexpr std::size_t whole_words(std::size_t bytes) noexcept {
    return (std::max(bytes, sizeof(long)) + sizeof(long) - 1) / sizeof(long) * sizeof(long);
  }

  static void* allocate_at(std::size_t aligned, std::size_t bytes) noexcept {
    void* start = nullptr;
    return ::posix_memalign(&start, aligned, bytes) == 0 ? start : nullptr;
  }
};

}  // namespace zpmr::detail
