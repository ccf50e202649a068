// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "latency_histogram.hpp"
#include "step.hpp"

/// \file
/// One thread's part of a batch, done on a memory resource.

namespace zpmr::compare {

/// Where the addresses of blocks are kept between allocating and freeing.
///
/// Thread safety: a place belongs to one thread at a time within a batch; the trace was cut so.
/// A place of those handed over has one thread that fills it and one that empties it.
struct block_places {
  block_places(std::size_t blocks, std::size_t handed_over) : own(blocks), handed(handed_over) {}

  std::vector<void*> own;
  std::vector<std::atomic<void*>> handed;  ///< empty between batches
};

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

/// Returns: the processor time that this thread has had.
[[nodiscard]] std::chrono::nanoseconds thread_time() noexcept;

/// Returns: the block that another thread hands over here, and what waiting for it took, added to
/// `waited`. The place is empty afterwards.
[[nodiscard]] void* taken_over(std::atomic<void*>& place,
                               std::chrono::nanoseconds& waited) noexcept;

/// Effects: has all pages of a new block in memory, as a program that uses the block would.
inline void touch(void* block, std::size_t bytes) noexcept {
  constexpr std::size_t smallest_page = 4096;
  auto* const first = static_cast<volatile std::byte*>(block);
  for (std::size_t at = 0; at < bytes; at += smallest_page) first[at] = std::byte{1};
  if (bytes > 0) first[bytes - 1] = std::byte{1};
}

/// Effects: does the steps. Returns: how long it waited for other threads.
/// Throws: what allocating throws; then the rest is not done.
template <class Operations>
std::chrono::nanoseconds play(std::span<const step> steps, block_places& places, Operations on) {
  std::chrono::nanoseconds waited{};
  void** const own = places.own.data();
  const auto touched_block = [&on](const step& each) {
    void* const block = on.allocate(each);
    touch(block, each.bytes);
    return block;
  };
  for (const step& each : steps) {
    switch (each.what) {
      case action::allocate:
        own[each.place] = touched_block(each);
        break;
      case action::free:
        on.free(own[each.place], each);
        break;
      case action::allocate_and_hand_over:
        // The other thread sees what was written to the block, and the allocator's notes on it.
        places.handed[each.place].store(touched_block(each), std::memory_order_release);
        break;
      case action::take_over_and_free:
        on.free(taken_over(places.handed[each.place], waited), each);
        break;
    }
  }
  return waited;
}

}  // namespace zpmr::compare
