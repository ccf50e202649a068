// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

/// \file
/// Whether it is the right allocator that runs: its own statistics must say so.

namespace zpmr::bench {

/// An allocator's word on how much it has handed out.
struct witness {
  std::string_view name;
  /// Returns: bytes handed out. An allocator that keeps no statistics says how much of `blocks` is
  /// its own.
  std::size_t (*bytes_held)(std::span<void* const> blocks);
};

/// Every allocator in this process that could be mistaken for another.
std::span<const witness> witnesses();

/// Effects: ends the program unless, of all witnesses, `expected` alone sees the blocks that
/// `memory` hands out.
template <class Memory>
void require_served_by(const witness& expected, Memory& memory, std::string_view subject) {
  constexpr std::size_t block_bytes = 64 * 1024;
  constexpr std::size_t most_witnesses = 4;
  std::array<void*, 16> blocks{};
  std::array<std::size_t, most_witnesses> before{};

  std::size_t index = 0;
  for (const witness& each : witnesses()) before.at(index++) = each.bytes_held({});
  for (void*& block : blocks) {
    block = memory.allocate(block_bytes, alignof(std::max_align_t));
    std::memset(block, 1, 1);
  }
  index = 0;
  for (const witness& each : witnesses()) {
    const std::size_t now = each.bytes_held(blocks);
    const bool moved = now >= before.at(index++) + blocks.size() * block_bytes / 2;
    const bool is_expected = each.name == expected.name;
    if (moved != is_expected) {
      std::fprintf(stderr, "%.*s: the statistics of %.*s %s while it runs\n",
                   static_cast<int>(subject.size()), subject.data(),
                   static_cast<int>(each.name.size()), each.name.data(),
                   moved ? "move, but must not," : "do not move");
      std::exit(1);
    }
  }
  for (void* block : blocks) memory.deallocate(block, block_bytes, alignof(std::max_align_t));
}

}  // namespace zpmr::bench
