// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>

#include "thread_index.hpp"
#include "usable_size.hpp"

namespace zpmr::bench {

/// Valkey: as Redis 8, but only its thread writes a slot, so a plain load and store will do.
/// Threads that find no slot left share one atomic.
class valkey_counter {
 public:
  void allocated(void* block, std::size_t) { add(usable_size(block)); }
  void freeing(void* block, std::size_t) { add(0 - usable_size(block)); }
  [[nodiscard]] std::size_t bytes_in_use() const {
    std::size_t sum = shared_.load(std::memory_order_relaxed);
    for (const slot& each : slots_) sum += each.used.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  struct alignas(64) slot {
    std::atomic<std::size_t> used{0};
  };

  /// Modulo 2^64: taking off is adding the complement.
  void add(std::size_t bytes) {
    const std::size_t index = thread_index();
    if (index < max_threads) [[likely]] {
      std::atomic<std::size_t>& used = slots_[index].used;
      used.store(used.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
    } else {
      shared_.fetch_add(bytes, std::memory_order_relaxed);
    }
  }

  std::array<slot, max_threads> slots_;
  std::atomic<std::size_t> shared_{0};
};

}  // namespace zpmr::bench
