// SPDX-License-Identifier: MIT
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <zpmr/detail/request.hpp>

#include "zmalloc/zmalloc_libc.hpp"
#include "zmalloc/zmalloc_reallocate.hpp"

namespace zpmr::detail {

namespace {

/// The C library is asked for sizes. It gives blocks of different sizes for equal requests, so what
/// a block is charged is corrected when it is there.
struct asking_blocks : libc_blocks {
  static constexpr bool tells_size_beforehand = false;

  static std::size_t known_size(std::size_t) noexcept { return 0; }
  static std::size_t size_for(std::size_t bytes, std::size_t aligned = alignment) noexcept {
    return can_exist(bytes, aligned) ? whole_words(bytes) : 0;
  }
  static std::size_t size_of(const void* block) noexcept {
    return ::malloc_usable_size(const_cast<void*>(block));
  }

  static void* allocate(std::size_t bytes) noexcept {
    return std::malloc(std::max(whole_words(bytes), alignment));
  }
  static void* allocate_zeroed(std::size_t bytes) noexcept {
    return std::calloc(1, std::max(whole_words(bytes), alignment));
  }
  static void* allocate_aligned(std::size_t aligned, std::size_t bytes) noexcept {
    return allocate_at(aligned, whole_words(bytes));
  }
  static void free(void* block, std::size_t) noexcept { std::free(block); }
  static void* reallocate(void* block, std::size_t, std::size_t bytes) noexcept {
    return std::realloc(block, std::max(whole_words(bytes), alignment));
  }
};

}  // namespace

constinit const zmalloc_functions zmalloc_on_libc = zmalloc_functions_on<asking_blocks>;

}  // namespace zpmr::detail
