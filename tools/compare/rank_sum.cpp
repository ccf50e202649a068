// SPDX-License-Identifier: MIT
#include "rank_sum.hpp"

#include <cmath>

namespace zpmr::compare {
namespace {

// What the normal distribution passes, to either side, in one of 20 cases.
constexpr double deviations_of_chance = 1.96;

/// Returns: the pairs of a value of each in which `one` is not the lesser; half of a pair of
/// equals.
double lost_pairs(std::span<const double> one, std::span<const double> other) {
  double lost = 0;
  for (const double mine : one) {
    for (const double theirs : other) lost += mine > theirs ? 1 : mine == theirs ? 0.5 : 0;
  }
  return lost;
}

/// Returns: the most pairs that may be lost. Chance would have half of them lost, and deviates from
/// that as the normal distribution does, or nearly so, but comes in whole pairs.
double most_lost_pairs(std::size_t ones, std::size_t others) {
  const auto a = static_cast<double>(ones);
  const auto b = static_cast<double>(others);
  return a * b / 2 - 0.5 - deviations_of_chance * std::sqrt(a * b * (a + b + 1) / 12);
}

}  // namespace

difference how_clearly_less(std::span<const double> one, std::span<const double> other) {
  const double most = most_lost_pairs(one.size(), other.size());
  if (most < 0) return difference::untold;
  return lost_pairs(one, other) <= most ? difference::clear : difference::unclear;
}

}  // namespace zpmr::compare
