// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <zpmr/tcmalloc_resource.hpp>

#include "allocators/tcmalloc_entries.hpp"
#include "platform/thread_sanitizer.hpp"
#include "zmalloc/zmalloc_allocator.hpp"
#include "zmalloc/zmalloc_reallocate.hpp"

namespace zpmr::detail {

namespace {

/// Blocks have no header.
struct tcmalloc_blocks : zmalloc_allocator {
  static std::size_t known_size(std::size_t bytes) noexcept {
    return tcmalloc_sizes.look_up(bytes, alignment);
  }
  static std::size_t size_for(std::size_t bytes, std::size_t aligned = alignment) noexcept {
    return tcmalloc()->usable_size(bytes, aligned);
  }
  static std::size_t size_of(const void* block) noexcept { return tcmalloc_block_size(block); }

  static void* allocate(std::size_t bytes) noexcept {
    return handed_over(ZPMR_TC(tc_malloc)(size_table::request(bytes, alignment)));
  }
  static void* allocate_zeroed(std::size_t bytes) noexcept {
    // tc_calloc does no more, and the thread sanitizer sees what it writes before the block is
    // ours.
    void* const block = allocate(bytes);
    return block != nullptr ? std::memset(block, 0, size_table::request(bytes, alignment))
                            : nullptr;
  }
  static void* allocate_aligned(std::size_t aligned, std::size_t bytes) noexcept {
    return handed_over(ZPMR_TC(tc_memalign)(aligned, at_least_one(bytes)));
  }

  static void free(void* block, std::size_t size) noexcept {
    hand_over_to_allocating_thread(block, size);
    // What starts a page may have been aligned so by request. Then it may be no block of the class
    // that its size tells, and a sized free would take it for one.
    constexpr std::uintptr_t page = 4096;
    if (reinterpret_cast<std::uintptr_t>(block) % page == 0) {
      ZPMR_TC(tc_free)(block);
    } else {
      ZPMR_TC(tc_free_sized)(block, size);
    }
  }

  // tcmalloc's own realloc never resizes in place either. It asks for more than it is told, so what
  // it takes could not be charged beforehand; these are its rules.
  static void* reallocate(void* block, std::size_t size, std::size_t bytes) noexcept {
    void* const moved = allocate(bytes);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, std::min(size, bytes));
    free(block, size);
    return moved;
  }
  static std::size_t roomy_size(std::size_t size, std::size_t bytes) noexcept {
    return std::max(bytes, size + size / 4);
  }
  static bool is_worth_shrinking(std::size_t size, std::size_t bytes) noexcept {
    return bytes < size / 2;
  }

 private:
  static void* handed_over(void* block) noexcept {
#if ZPMR_THREAD_SANITIZER
    if (block != nullptr) handed_over_from_freeing_thread(block, tcmalloc_block_size(block));
#endif
    return block;
  }
};

}  // namespace

constinit const zmalloc_functions zmalloc_on_tcmalloc = zmalloc_functions_on<tcmalloc_blocks>;

}  // namespace zpmr::detail
