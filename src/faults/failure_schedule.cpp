// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>
#include <zpmr/failure_schedule.hpp>

#include "base/mixed_bits.hpp"

namespace zpmr {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;  // each value stands for itself

/// Returns: the `number`-th of a series of random numbers from 0 up to 1. By its place in the
/// series and not by its predecessor, so that threads need not agree on a state.
constexpr double dice(std::uint64_t seed, std::uint64_t number) noexcept {
  using detail::golden_step;
  using detail::scrambled;
  return detail::fraction(scrambled(scrambled(seed + golden_step) + number * golden_step));
}

}  // namespace

void failure_schedule::set(const failure_rules& rules) {
  if (!(rules.probability >= 0 && rules.probability <= 1)) {
    throw std::invalid_argument("zpmr: an allocation cannot fail with a probability of " +
                                std::to_string(rules.probability) + ": give 0 to 1");
  }
  nth_.store(rules.nth, relaxed);
  probability_.store(rules.probability, relaxed);
  seed_.store(rules.seed, relaxed);
  above_.store(rules.above, relaxed);
  kind_.store(rules.kind, relaxed);
  allocations_.store(0, relaxed);
  failures_.store(0, relaxed);
}

bool failure_schedule::is_due(std::uint64_t number, std::size_t bytes) const noexcept {
  const double probability = probability_.load(relaxed);
  return number == nth_.load(relaxed) || bytes > above_.load(relaxed) ||
         (probability > 0 && dice(seed_.load(relaxed), number) < probability);
}

bool failure_schedule::fails(std::size_t bytes) noexcept {
  const std::uint64_t number = allocations_.fetch_add(1, relaxed) + 1;
  const bool lasts = kind_.load(relaxed) == failure_kind::persistent && failures() > 0;
  const bool failed = lasts || is_due(number, bytes);
  if (failed) failures_.fetch_add(1, relaxed);
  return failed;
}

}  // namespace zpmr
