// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/mixed_bits.hpp"

namespace zpmr::detail {

/// Picks blocks so that every byte has the same chance, whatever was picked before. What is left
/// until the next sample is counted in samples, not bytes: as that distance has no memory, one
/// countdown of a thread serves all resources, each with an interval of its own.
///
/// Without a constructor, as a thread-local with one is guarded at each use.
class sample_countdown {
 public:
  /// Preconditions: a block of `bytes` can exist.
  /// Returns: whether it is one to look at.
  bool hits(std::size_t bytes, double samples_per_byte) noexcept {
    // Signed, as to convert that is one instruction.
    left_ -= static_cast<double>(static_cast<std::ptrdiff_t>(bytes)) * samples_per_byte;
    if (left_ > 0) [[likely]]
      return false;
    return start_anew(bytes, samples_per_byte);
  }

 private:
  [[gnu::cold, gnu::noinline]] bool start_anew(std::size_t bytes,
                                               double samples_per_byte) noexcept {
    const bool is_first = state_ == 0;
    if (is_first) {
      const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
      state_ = static_cast<std::uint64_t>(now) ^ reinterpret_cast<std::uintptr_t>(this);
    }
    left_ = -std::log(1 - fraction(scrambled(state_ += golden_step)));  // not of 0
    return is_first ? hits(bytes, samples_per_byte) : true;
  }

  double left_ = 0;
  std::uint64_t state_ = 0;  // 0: not yet used on this thread
};

}  // namespace zpmr::detail
