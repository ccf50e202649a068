// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>
#include <zpmr/usage_sampler.hpp>

namespace zpmr::detail {

/// The last samples, in storage that never grows.
class sample_ring {
 public:
  explicit sample_ring(std::size_t capacity) : capacity_(capacity) { kept_.reserve(capacity); }

  void push(const usage_sample& sample) noexcept {
    if (kept_.size() < capacity_) {
      kept_.push_back(sample);
    } else {
      kept_[dropped_++ % kept_.size()] = sample;
    }
  }

  [[nodiscard]] std::vector<usage_sample> in_order() const {
    const auto oldest =
        kept_.begin() + static_cast<std::ptrdiff_t>(kept_.empty() ? 0 : dropped_ % kept_.size());
    std::vector<usage_sample> result(oldest, kept_.end());
    result.insert(result.end(), kept_.begin(), oldest);
    return result;
  }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  std::size_t capacity_;
  std::vector<usage_sample> kept_;
  std::uint64_t dropped_ = 0;
};

}  // namespace zpmr::detail
