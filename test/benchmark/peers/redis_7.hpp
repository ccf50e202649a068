// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "usable_size.hpp"

namespace zpmr::bench {

/// Redis 7: the usable size of every block, looked up; one atomic that all threads share.
class redis_7_counter {
 public:
  void allocated(void* block, std::size_t) {
    used_.fetch_add(usable_size(block), std::memory_order_relaxed);
  }
  void freeing(void* block, std::size_t) {
    used_.fetch_sub(usable_size(block), std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t bytes_in_use() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> used_{0};
};

}  // namespace zpmr::bench
