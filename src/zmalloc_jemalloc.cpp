// SPDX-License-Identifier: MIT
#include <bit>
#include <zpmr/jemalloc_resource.hpp>

#include "jemalloc_mallctl.hpp"
#include "zmalloc_reallocate.hpp"

namespace zpmr::detail {

namespace {

/// Blocks have no header: jemalloc is asked for their size when they are freed, and then needs not
/// look for it itself.
struct jemalloc_blocks {
  static constexpr bool tells_size_beforehand = true;
  static constexpr bool shrinks_without_second_block = false;

  static constexpr std::size_t alignment = alignof(std::max_align_t);
  static constexpr int zeroed = 0x40;      // MALLOCX_ZERO
  static constexpr int uncached = 1 << 8;  // MALLOCX_TCACHE_NONE

  /// Returns: the size of a block for that request; 0 if it is not known without asking.
  static std::size_t known_size(std::size_t bytes) noexcept {
    return jemalloc_sizes.look_up(bytes, alignment);
  }
  /// Returns: the same, known or not; 0 if there can be no such block.
  static std::size_t size_for(std::size_t bytes, std::size_t aligned = alignment) noexcept {
    return jemalloc()->usable_size(bytes, aligned);
  }
  static std::size_t size_of(const void* block) noexcept { return ZPMR_JE(sallocx)(block, 0); }

  /// Returns: how much of the block of that size may be written; and the other way.
  static std::size_t usable(const void*, std::size_t size) noexcept { return size; }
  static std::size_t size_with(const void*, std::size_t usable) noexcept { return usable; }

  static void* allocate(std::size_t bytes) noexcept {
    return zpmr_je_malloc(size_table::request(bytes, alignment));
  }
  static void* allocate_zeroed(std::size_t bytes) noexcept {
    return ZPMR_JE(mallocx)(size_table::request(bytes, alignment), zeroed);
  }
  static void* allocate_aligned(std::size_t aligned, std::size_t bytes) noexcept {
    return ZPMR_JE(mallocx)(at_least_one(bytes), std::countr_zero(aligned));
  }
  static void* allocate_uncached(std::size_t bytes) noexcept {
    return ZPMR_JE(mallocx)(size_table::request(bytes, alignment), uncached);
  }
  static void free(void* block, std::size_t size) noexcept { zpmr_je_sdallocx(block, size, 0); }
  static void free_uncached(void* block, std::size_t size) noexcept {
    zpmr_je_sdallocx(block, size, uncached);
  }

  /// Only what is made of pages of its own can: from four pages on.
  static bool may_grow_in_place(std::size_t size) noexcept { return size >= std::size_t{16} << 10; }
  /// Returns: the block's size afterwards; the same as before if it cannot be had.
  static std::size_t resize_in_place(void* block, std::size_t bytes) noexcept {
    return ZPMR_JE(xallocx)(block, size_table::request(bytes, alignment), 0, 0);
  }
  static void* reallocate(void* block, std::size_t, std::size_t bytes) noexcept {
    return ZPMR_JE(rallocx)(block, size_table::request(bytes, alignment), 0);
  }
  static std::size_t roomy_size(std::size_t, std::size_t bytes) noexcept { return bytes; }
  static bool is_worth_shrinking(std::size_t, std::size_t) noexcept { return true; }
};

}  // namespace

constinit const zmalloc_functions zmalloc_on_jemalloc = zmalloc_functions_on<jemalloc_blocks>;

}  // namespace zpmr::detail
