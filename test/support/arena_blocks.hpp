// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>
#include <random>
#include <vector>
#include <zpmr/jemalloc_arena_resource.hpp>
#include <zpmr/jemalloc_resource.hpp>

/// \file
/// Blocks of many sizes from an arena of one's own, and what they take.

namespace zpmr::test {

using arena_resource = jemalloc_arena_resource;

struct block {
  void* place;
  std::size_t bytes;
  std::size_t alignment;
};

inline block make_block(arena_resource& resource, std::mt19937& random) {
  const std::size_t bytes = random() % (std::size_t{1} << random() % 16);
  const std::size_t alignment = std::size_t{1} << random() % 8;
  const block made{resource.allocate(bytes, alignment), bytes, alignment};
  std::memset(made.place, 0x5a, bytes);
  return made;
}

inline std::vector<block> make_blocks(arena_resource& resource, std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<block> blocks;
  while (blocks.size() < count) blocks.push_back(make_block(resource, random));
  return blocks;
}

inline void free_blocks(arena_resource& resource, std::vector<block>& blocks) {
  for (const block& each : blocks) resource.deallocate(each.place, each.bytes, each.alignment);
  blocks.clear();
}

inline std::size_t usable_bytes(const std::vector<block>& blocks) {
  std::size_t sum = 0;
  for (const block& each : blocks) sum += jemalloc()->usable_size(each.bytes, each.alignment);
  return sum;
}

inline std::size_t allocated(const arena_resource& resource) {
  return resource.stats().allocated.value();
}

}  // namespace zpmr::test
