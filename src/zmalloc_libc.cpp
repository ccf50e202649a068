// SPDX-License-Identifier: MIT
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <zpmr/libc_resource.hpp>

#include "libc_prefix.hpp"
#include "zmalloc_reallocate.hpp"

namespace zpmr::detail {

namespace {

constexpr std::size_t alignment = alignof(std::max_align_t);

/// Returns: the bytes that a request stands for. The rest of the last word can be used, so it may
/// be.
constexpr std::size_t whole_words(std::size_t bytes) noexcept {
  return (std::max(bytes, sizeof(long)) + sizeof(long) - 1) / sizeof(long) * sizeof(long);
}

void* allocate_at(std::size_t aligned, std::size_t bytes) noexcept {
  void* start = nullptr;
  return ::posix_memalign(&start, aligned, bytes) == 0 ? start : nullptr;
}

/// What the two kinds have in common. The members are explained in zmalloc_jemalloc.cpp.
struct libc_blocks {
  // There is no way to know whether it would have to move a growing block, so it is charged as one
  // that moves; a shrinking one the C library leaves where it is.
  static constexpr bool shrinks_without_second_block = true;
  static bool may_grow_in_place(std::size_t) noexcept { return false; }
  static std::size_t resize_in_place(void*, std::size_t) noexcept { return 0; }
  static std::size_t roomy_size(std::size_t, std::size_t bytes) noexcept { return bytes; }
  static bool is_worth_shrinking(std::size_t, std::size_t) noexcept { return true; }
  static std::size_t known_size(std::size_t) noexcept { return 0; }
};

#if ZPMR_ZMALLOC_ASKS_LIBC

/// The C library is asked for sizes. It gives blocks of different sizes for equal requests, so what
/// a block is charged is corrected when it is there.
struct asking_blocks : libc_blocks {
  static constexpr bool tells_size_beforehand = false;

  static std::size_t size_for(std::size_t bytes, std::size_t aligned = alignment) noexcept {
    return can_exist(bytes, aligned) ? whole_words(bytes) : 0;
  }
  static std::size_t size_of(const void* block) noexcept {
    return ::malloc_usable_size(const_cast<void*>(block));
  }
  static std::size_t usable(const void*, std::size_t size) noexcept { return size; }
  static std::size_t size_with(const void*, std::size_t usable) noexcept { return usable; }

  static void* allocate(std::size_t bytes) noexcept {
    return std::malloc(std::max(whole_words(bytes), alignment));
  }
  static void* allocate_zeroed(std::size_t bytes) noexcept {
    return std::calloc(1, std::max(whole_words(bytes), alignment));
  }
  static void* allocate_aligned(std::size_t aligned, std::size_t bytes) noexcept {
    return allocate_at(aligned, whole_words(bytes));
  }
  static void* allocate_uncached(std::size_t bytes) noexcept { return allocate(bytes); }
  static void free(void* block, std::size_t) noexcept { std::free(block); }
  static void free_uncached(void* block, std::size_t) noexcept { std::free(block); }
  static void* reallocate(void* block, std::size_t, std::size_t bytes) noexcept {
    return std::realloc(block, std::max(whole_words(bytes), alignment));
  }
};

using chosen_blocks = asking_blocks;

#else

/// In front of a block are two words: how far before it the C library's block starts, and how many
/// bytes of it may be written.
struct prefixed_blocks : libc_blocks {
  static constexpr bool tells_size_beforehand = true;
  static constexpr std::size_t prefix = alignment;
  static_assert(prefix >= 2 * sizeof(std::uint64_t));

  static std::size_t size_for(std::size_t bytes, std::size_t aligned = alignment) noexcept {
    const std::size_t front = std::max(prefix, aligned);
    return can_exist(bytes, 2 * front) ? whole_words(bytes) + front : 0;
  }
  static std::size_t known_size(std::size_t bytes) noexcept { return size_for(bytes); }
  static std::size_t size_of(const void* block) noexcept {
    return size_with(block, usable_bytes(block));
  }
  static std::size_t usable(const void* block, std::size_t size) noexcept {
    return size - distance(block);
  }
  static std::size_t size_with(const void* block, std::size_t usable) noexcept {
    return usable + distance(block);
  }

  static void* allocate(std::size_t bytes) noexcept {
    return behind_prefix(std::malloc(whole_words(bytes) + prefix), bytes, prefix);
  }
  static void* allocate_zeroed(std::size_t bytes) noexcept {
    return behind_prefix(std::calloc(1, whole_words(bytes) + prefix), bytes, prefix);
  }
  static void* allocate_aligned(std::size_t aligned, std::size_t bytes) noexcept {
    return behind_prefix(allocate_at(aligned, whole_words(bytes) + aligned), bytes, aligned);
  }
  static void* allocate_uncached(std::size_t bytes) noexcept { return allocate(bytes); }
  static void free(void* block, std::size_t) noexcept { std::free(start_of(block)); }
  static void free_uncached(void* block, std::size_t) noexcept { std::free(start_of(block)); }

  static void* reallocate(void* block, std::size_t, std::size_t bytes) noexcept {
    if (distance(block) != prefix) return move(block, bytes);
    return behind_prefix(std::realloc(start_of(block), whole_words(bytes) + prefix), bytes, prefix);
  }

 private:
  static void* behind_prefix(void* start, std::size_t bytes, std::size_t distance) noexcept {
    if (start == nullptr) return nullptr;
    std::byte* const block = static_cast<std::byte*>(start) + distance;
    std::memcpy(block - prefix, &distance, sizeof distance);
    write_prefix(block, whole_words(bytes), distance);
    return block;
  }

  static std::size_t distance(const void* block) noexcept {
    std::size_t distance;
    std::memcpy(&distance, static_cast<const std::byte*>(block) - prefix, sizeof distance);
    return distance;
  }

  static std::size_t usable_bytes(const void* block) noexcept {
    const block_facts written = read_prefix(block);
    if (!written.are_as_written) {
      fail(
          "zmalloc block %p: its prefix, which says %zu bytes, was overwritten, or it was not "
          "allocated here",
          block, written.bytes);
    }
    return written.bytes;
  }

  static void* start_of(void* block) noexcept {
    return static_cast<std::byte*>(block) - distance(block);
  }

  /// The block was aligned beyond the usual, and need not be any more.
  static void* move(void* block, std::size_t bytes) noexcept {
    void* const moved = allocate(bytes);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, std::min(usable_bytes(block), bytes));
    std::free(start_of(block));
    return moved;
  }
};

using chosen_blocks = prefixed_blocks;

#endif

}  // namespace

constinit const zmalloc_functions zmalloc_on_libc = zmalloc_functions_on<chosen_blocks>;

}  // namespace zpmr::detail
