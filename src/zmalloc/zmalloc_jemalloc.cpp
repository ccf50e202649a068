// SPDX-License-Identifier: MIT
#include <bit>
#include <zpmr/jemalloc_resource.hpp>

#include "allocators/jemalloc_mallctl.hpp"
#include "zmalloc/zmalloc_allocator.hpp"
#include "zmalloc/zmalloc_reallocate.hpp"

namespace zpmr::detail {

namespace {

/// Blocks have no header: jemalloc is asked for their size when they are freed, and then needs not
/// look for it itself.
struct jemalloc_blocks : zmalloc_allocator {
  static constexpr int zeroed = 0x40;      // MALLOCX_ZERO
  static constexpr int uncached = 1 << 8;  // MALLOCX_TCACHE_NONE

  static std::size_t known_size(std::size_t bytes) noexcept {
    return jemalloc_sizes.look_up(bytes, alignment);
  }
  static std::size_t size_for(std::size_t bytes, std::size_t aligned = alignment) noexcept {
    return jemalloc()->usable_size(bytes, aligned);
  }
  static std::size_t size_of(const void* block) noexcept { return ZPMR_JE(sallocx)(block, 0); }

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
  static bool may_resize_in_place(std::size_t size) noexcept {
    return size >= std::size_t{16} << 10;
  }
  static std::size_t resize_in_place(void* block, std::size_t, std::size_t bytes) noexcept {
    return ZPMR_JE(xallocx)(block, size_table::request(bytes, alignment), 0, 0);
  }
  static void* reallocate(void* block, std::size_t, std::size_t bytes) noexcept {
    return ZPMR_JE(rallocx)(block, size_table::request(bytes, alignment), 0);
  }
};

}  // namespace

constinit const zmalloc_functions zmalloc_on_jemalloc = zmalloc_functions_on<jemalloc_blocks>;

}  // namespace zpmr::detail
