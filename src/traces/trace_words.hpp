// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

/// \file
/// The words that a trace is made of: docs/trace-format.md says what they mean.

namespace zpmr::detail::trace {

using word = std::uint64_t;

static_assert(std::endian::native == std::endian::little);

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t page_words = page_bytes / sizeof(word);

inline constexpr word file_magic = 0x0a637274726d707a;  // "zpmrtrc\n"
inline constexpr word version = 1;
inline constexpr word chunk_magic = 0x6b6e6863;  // "chnk"

/// The words of the file's header that are in use.
struct file_header {
  word magic;
  word version;
  word failed;  ///< 1 if nothing more could be written
  word bytes;   ///< of the file
};

struct chunk_header {
  std::uint32_t thread;
  std::uint32_t magic;
  word bytes;
};
inline constexpr std::size_t chunk_header_words = sizeof(chunk_header) / sizeof(word);

inline constexpr unsigned address_shift = 16;

enum class kind : word { small_allocation = 1, deallocation = 2, other = 3 };
enum class other_kind : word { allocation = 0, time = 1, order = 2, resource = 3 };

inline constexpr word most_small_bytes = (word{1} << 11) - 1;
inline constexpr word most_small_alignment = 128;

constexpr word small_allocation(word address, word bytes, unsigned alignment_log) noexcept {
  return address << address_shift | bytes << 5 | word{alignment_log} << 2 |
         static_cast<word>(kind::small_allocation);
}
constexpr word deallocation(word address) noexcept {
  return address << address_shift | static_cast<word>(kind::deallocation);
}
/// The first word of the other records; `value` is an address, or a number of 48 bits.
constexpr word other(other_kind what, word value, unsigned alignment_log = 0) noexcept {
  return value << address_shift | word{alignment_log} << 5 | static_cast<word>(what) << 2 |
         static_cast<word>(kind::other);
}

constexpr kind kind_of(word first) noexcept {
  return static_cast<kind>(first & 3);
}
constexpr other_kind other_kind_of(word first) noexcept {
  return static_cast<other_kind>(first >> 2 & 7);
}
constexpr word value_of(word first) noexcept {
  return first >> address_shift;
}

}  // namespace zpmr::detail::trace
