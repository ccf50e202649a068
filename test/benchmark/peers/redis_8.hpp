// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>

#include "thread_index.hpp"
#include "usable_size.hpp"

namespace zpmr::bench {

/// Redis 8: as Redis 7, but an array of atomics, each in a cache line of its own; a thread adds to
/// the one of its number. A thread may free what another allocated, so a slot may wrap; the sum
/// does not.
class redis_8_counter {
 public:
  void allocated(void* block, std::size_t) {
    own_slot().fetch_add(usable_size(block), std::memory_order_relaxed);
  }
  void freeing(void* block, std::size_t) {
    own_slot().fetch_sub(usable_size(block), std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t bytes_in_use() const {
    std::size_t sum = 0;
    for (const slot& each : slots_) sum += each.used.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  struct alignas(64) slot {
    std::atomic<std::size_t> used{0};
  };

  std::atomic<std::size_t>& own_slot() { return slots_[thread_index() % max_threads].used; }

  std::array<slot, max_threads> slots_;
};

}  // namespace zpmr::bench
