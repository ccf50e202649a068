// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/check.hpp"

/// \file
/// The word right in front of a block of the C library that says how large it is. The lower 48 bits
/// hold every size that a block can have in the address space of a process. In checked builds the
/// next 4 say how it was aligned, and the upper 12 are a mark that follows from the address and all
/// the others: an overwritten word and a pointer from elsewhere have another.

namespace zpmr::detail {

inline constexpr unsigned size_bits = 48;
inline constexpr unsigned mark_bits = 12;

/// Larger alignments are kept as this one.
inline constexpr std::size_t most_alignment = std::size_t{1} << 13;

/// What the prefix of a block tells.
struct block_facts {
  std::size_t bytes;
  std::size_t alignment;
  bool are_as_written;
};

/// Returns: the bytes in front of a block, so that the word fits and the block is aligned.
constexpr std::size_t prefix_bytes(std::size_t alignment) noexcept {
  return std::max(alignment, sizeof(std::uint64_t));
}

/// Returns: the other bits and the address, folded. Shifted by 8, each of the last 12 falls on the
/// bit that is 12 further on, so that no change within 12 neighbours agrees with its own mark.
inline std::uint64_t prefix_mark(const void* block, std::uint64_t facts) noexcept {
  std::uint64_t mark = 0;
  for (std::uint64_t rest = facts << 8 ^ reinterpret_cast<std::uintptr_t>(block); rest != 0;
       rest >>= mark_bits) {
    mark ^= rest;
  }
  return mark << (64 - mark_bits);
}

/// Returns: the word of a block in a checked build. The bits of the alignment are never all clear
/// or all set, so a word of zeros or ones is none.
inline std::uint64_t checked_prefix(const void* block, std::size_t bytes,
                                    std::size_t alignment) noexcept {
  const std::uint64_t width = std::bit_width(std::min(alignment, most_alignment));
  const std::uint64_t facts = bytes | width << size_bits;
  return facts | prefix_mark(block, facts);
}

inline void write_prefix(void* block, std::size_t bytes,
                         [[maybe_unused]] std::size_t alignment) noexcept {
#if ZPMR_CHECKED
  const std::uint64_t word = checked_prefix(block, bytes, alignment);
#else
  const std::uint64_t word = bytes;
#endif
  std::memcpy(static_cast<std::byte*>(block) - sizeof word, &word, sizeof word);
}

/// Returns: the facts that the prefix tells; only the bytes where the build is not checked.
inline block_facts read_prefix(const void* block) noexcept {
  std::uint64_t word;
  std::memcpy(&word, static_cast<const std::byte*>(block) - sizeof word, sizeof word);
#if ZPMR_CHECKED
  const std::size_t bytes = word & ((std::uint64_t{1} << size_bits) - 1);
  const std::uint64_t width = word << mark_bits >> (size_bits + mark_bits);
  const std::size_t alignment = std::size_t{1} << width >> 1;
  const bool possible = width != 0 && alignment <= most_alignment;
  return {bytes, alignment, possible && word == checked_prefix(block, bytes, alignment)};
#else
  return {word, 0, true};
#endif
}

}  // namespace zpmr::detail
