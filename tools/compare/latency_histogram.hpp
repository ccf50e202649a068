// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// \file
/// How long operations took, in fixed memory: the figure that a quantile names is at most a 16th
/// too high.

namespace zpmr::compare {

class latency_histogram {
 public:
  void add(std::chrono::nanoseconds time) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
    ++counts_[bucket_of(value)];
    longest_ = std::max(longest_, value);
  }

  void add(const latency_histogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    longest_ = std::max(longest_, other.longest_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t each : counts_) sum += each;
    return sum;
  }

  /// Returns: a time that `share` of the operations did not pass.
  /// Preconditions: 0 <= `share` <= 1, and there are operations.
  [[nodiscard]] std::chrono::nanoseconds quantile(double share) const noexcept {
    const auto wanted = std::max(1.0, std::ceil(share * static_cast<double>(count())));
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      passed += counts_[i];
      if (static_cast<double>(passed) >= wanted) {
        return std::chrono::nanoseconds(std::min(last_of(i), longest_));
      }
    }
    return std::chrono::nanoseconds(longest_);
  }

 private:
  // Values below 32 have a bucket each; from there on each power of two has 16.
  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < 32) return static_cast<std::size_t>(value);
    const auto exponent = static_cast<std::size_t>(std::bit_width(value)) - 1;
    return exponent * 16 - 48 + static_cast<std::size_t>((value >> (exponent - 4)) & 15);
  }

  static std::uint64_t last_of(std::size_t bucket) noexcept {
    if (bucket < 32) return bucket;
    const std::size_t exponent = (bucket + 48) / 16;
    return ((16 + (bucket & 15) + 1) << (exponent - 4)) - 1;
  }

  std::array<std::uint64_t, 64 * 16 - 48> counts_{};
  std::uint64_t longest_ = 0;
};

static_assert(std::is_trivially_copyable_v<latency_histogram>, "it is sent between processes");

}  // namespace zpmr::compare
