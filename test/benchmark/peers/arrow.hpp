// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace zpmr::bench {

/// Arrow's memory pool: requested bytes in three shared atomics (in use, total, allocations) and a
/// peak that is raised by compare and exchange.
class arrow_counter {
 public:
  void allocated(void*, std::size_t bytes) {
    const std::size_t used = used_.fetch_add(bytes, std::memory_order_acq_rel) + bytes;
    total_.fetch_add(bytes, std::memory_order_acq_rel);
    allocations_.fetch_add(1, std::memory_order_acq_rel);
    std::size_t peak = peak_.load(std::memory_order_acquire);
    while (peak < used && !peak_.compare_exchange_weak(peak, used, std::memory_order_acq_rel)) {
    }
  }
  void freeing(void*, std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_acq_rel); }
  [[nodiscard]] std::size_t bytes_in_use() const { return used_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> total_{0};
  std::atomic<std::uint64_t> allocations_{0};
  std::atomic<std::size_t> peak_{0};
};

}  // namespace zpmr::bench
