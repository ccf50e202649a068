// SPDX-License-Identifier: MIT
#include "ranking.hpp"

#include <algorithm>
#include <utility>

namespace zpmr::compare {
namespace {

// Differences of so little are none: pages come in whole, and the same code in another place
// differs.
constexpr double same = 1.03;

/// Returns: all whose figure is known.
ranking ranking_by(const comparison& what,
                   const std::function<std::optional<double>(const result&)>& figure,
                   const std::function<bool(const ranked& best, const ranked& other)>& are_same) {
  std::vector<ranked> order;
  for (const result& each : what.results) {
    if (const auto value = figure(each)) order.push_back({&each, *value});
  }
  // The results lie one after the other: equal ones stay in their order.
  std::ranges::sort(order, {}, [](const ranked& each) { return std::pair(each.figure, each.one); });
  ranking all;
  for (const ranked& each : order) {
    (are_same(order.front(), each) ? all.first : all.others).push_back(each);
  }
  return all;
}

std::vector<double> times_of_runs(const result& one) {
  std::vector<double> times;
  for (const run& each : one.runs) {
    times.push_back(static_cast<double>(each.processor_time.count()));
  }
  return times;
}

}  // namespace

difference how_clearly_faster(const ranked& one, const ranked& other) {
  return how_clearly_less(times_of_runs(*one.one), times_of_runs(*other.one));
}

bool are_as_fast(const ranked& best, const ranked& other) {
  return other.figure <= best.figure * same;
}

ranking ranking_by_time(const comparison& what) {
  const auto median = [&](const result& one) -> std::optional<double> {
    const auto time = what.time_of(one);
    return time ? std::optional(time->median) : std::nullopt;
  };
  return ranking_by(what, median, [](const ranked& best, const ranked& other) {
    return are_as_fast(best, other) || how_clearly_faster(best, other) == difference::unclear;
  });
}

ranking ranking_by_memory(const comparison& what,
                          const std::function<std::optional<double>(const result&)>& figure) {
  return ranking_by(what, figure, [](const ranked& best, const ranked& other) {
    return other.figure <= std::max(best.figure * same, least_memory_worth_comparing);
  });
}

}  // namespace zpmr::compare
