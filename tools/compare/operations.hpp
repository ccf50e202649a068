// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>

#include "latency_histogram.hpp"
#include "step.hpp"

/// \file
/// What a step does to a memory resource, timed or not.

namespace zpmr::compare {

/// Operations as they are, on anything with the functions of a memory resource.
template <class Memory>
struct bare_operations {
  Memory& memory;

  void* allocate(const step& each) { return memory.allocate(each.bytes, each.alignment()); }
  void free(void* block, const step& each) {
    memory.deallocate(block, each.bytes, each.alignment());
  }
};

struct latencies {
  latency_histogram allocations;
  latency_histogram frees;
};

/// Operations with a look at the clock before and after each.
template <class Memory>
struct timed_operations {
  bare_operations<Memory> on;
  latencies& times;

  void* allocate(const step& each) {
    const auto start = std::chrono::steady_clock::now();
    void* const block = on.allocate(each);
    times.allocations.add(std::chrono::steady_clock::now() - start);
    return block;
  }
  void free(void* block, const step& each) {
    const auto start = std::chrono::steady_clock::now();
    on.free(block, each);
    times.frees.add(std::chrono::steady_clock::now() - start);
  }
};

/// Effects: has all pages of a new block in memory, as a program that uses the block would.
inline void touch(void* block, std::size_t bytes) noexcept {
  constexpr std::size_t smallest_page = 4096;
  auto* const first = static_cast<volatile std::byte*>(block);
  for (std::size_t at = 0; at < bytes; at += smallest_page) first[at] = std::byte{1};
  if (bytes > 0) first[bytes - 1] = std::byte{1};
}

/// Returns: a new block, touched.
template <class Operations>
void* touched_block(const step& each, Operations& on) {
  void* const block = on.allocate(each);
  touch(block, each.bytes);
  return block;
}

}  // namespace zpmr::compare
