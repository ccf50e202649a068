// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <zpmr/detail/request.hpp>
#include <zpmr/detail/size_table.hpp>

#include "allocators/libc_prefix.hpp"
#include "base/check.hpp"
#include "zmalloc/zmalloc_libc.hpp"
#include "zmalloc/zmalloc_reallocate.hpp"

namespace zpmr::detail {

namespace {

/// In front of a block are two words: how far before it the C library's block starts, and how many
/// bytes of it may be written.
struct prefixed_blocks : libc_blocks {
  static constexpr std::size_t prefix = alignment;
  static_assert(prefix >= 2 * sizeof(std::uint64_t));

  static std::size_t known_size(std::size_t bytes) noexcept {
    return size_table::holds(bytes, alignment) ? size_for(bytes) : 0;
  }
  static std::size_t size_for(std::size_t bytes, std::size_t aligned = alignment) noexcept {
    const std::size_t front = std::max(prefix, aligned);
    return can_exist(bytes, 2 * front) ? whole_words(bytes) + front : 0;
  }
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
  static void free(void* block, std::size_t) noexcept { std::free(start_of(block)); }

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

}  // namespace

constinit const zmalloc_functions zmalloc_on_libc = zmalloc_functions_on<prefixed_blocks>;

}  // namespace zpmr::detail
