// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <shared_mutex>

namespace zpmr::bench {

/// RMM's statistics: value, peak and total of the requested bytes and of the blocks, guarded by a
/// mutex that readers share.
class rmm_counter {
 public:
  void allocated(void*, std::size_t bytes) {
    const std::unique_lock lock(mutex_);
    bytes_.add(static_cast<std::int64_t>(bytes));
    blocks_.add(1);
  }
  void freeing(void*, std::size_t bytes) {
    const std::unique_lock lock(mutex_);
    bytes_.value -= static_cast<std::int64_t>(bytes);
    blocks_.value -= 1;
  }
  [[nodiscard]] std::size_t bytes_in_use() const {
    const std::shared_lock lock(mutex_);
    return static_cast<std::size_t>(bytes_.value);
  }

 private:
  struct figure {
    std::int64_t value = 0, peak = 0, total = 0;
    void add(std::int64_t more) {
      value += more;
      peak = std::max(peak, value);
      total += more;
    }
  };

  mutable std::shared_mutex mutex_;
  figure bytes_, blocks_;
};

}  // namespace zpmr::bench
