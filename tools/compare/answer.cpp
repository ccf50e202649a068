// SPDX-License-Identifier: MIT
#include "answer.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "figures_text.hpp"

namespace zpmr::compare {
namespace {

// Differences of so little are none: pages come in whole, and runs differ.
constexpr double same_memory = 1.03;
constexpr double least_memory_worth_comparing = 1 << 20;

/// A candidate and a figure of it; less is better.
struct ranked {
  const result* one;
  double figure;
};

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

std::vector<ranked> ranking(const comparison& what,
                            const std::function<std::optional<double>(const result&)>& figure) {
  std::vector<ranked> order;
  for (const result& each : what.results) {
    if (const auto value = figure(each)) order.push_back({&each, *value});
  }
  // The results lie one after the other: equal ones stay in their order.
  std::ranges::sort(order, {}, [](const ranked& each) { return std::pair(each.figure, each.one); });
  return order;
}

std::vector<std::string> labels(std::span<const ranked> some) {
  std::vector<std::string> names;
  for (const ranked& each : some) names.push_back(each.one->on.label);
  return names;
}

/// Returns: the first ones of the order, as far as they are as good as the best.
std::span<const ranked> best_of(
    const std::vector<ranked>& order,
    const std::function<bool(const ranked& best, const ranked& other)>& are_same) {
  const auto end = std::ranges::find_if(
      order, [&](const ranked& each) { return !are_same(order.front(), each); });
  return {order.begin(), end};
}

std::vector<ranked> by_time(const comparison& what) {
  return ranking(what, [&](const result& one) -> std::optional<double> {
    const auto time = what.time_of(one);
    return time ? std::optional(time->median) : std::nullopt;
  });
}

std::span<const ranked> fastest(const comparison& what, const std::vector<ranked>& order) {
  return best_of(order, [&](const ranked& best, const ranked& other) {
    return what.time_of(*other.one)->least <= what.time_of(*best.one)->most;
  });
}

std::span<const ranked> leanest(const std::vector<ranked>& order) {
  return best_of(order, [](const ranked& best, const ranked& other) {
    return other.figure <= best.figure * same_memory;
  });
}

/// Returns: of those behind the first ones, the next and the last: the others are in the table.
std::vector<ranked> next_and_last(const std::vector<ranked>& order, std::size_t first_ones) {
  std::vector<ranked> some;
  if (first_ones < order.size()) some.push_back(order[first_ones]);
  if (first_ones + 1 < order.size()) some.push_back(order.back());
  return some;
}

std::string of_time(const comparison& what, const std::vector<ranked>& order) {
  if (order.size() < 2) return "";
  const auto first = fastest(what, order);
  std::string text = listed(labels(first));
  text +=
      first.size() == 1 ? " is fastest" : " are fastest, and do not differ more than their runs";
  text += ", with " + three_digits(order.front().figure) + " ns an operation";
  std::vector<std::string> others;
  for (const ranked& each : next_and_last(order, first.size())) {
    if (order.front().figure <= 0) break;  // the clock cannot tell it from nothing
    others.push_back(three_digits(each.figure / order.front().figure) + " times as fast as " +
                     each.one->on.label);
  }
  return text + (others.empty() ? "" : ": " + listed(others)) + ". ";
}

std::string percent(double share) {
  return std::to_string(std::lround(share * 100)) + " %";
}

std::string of_memory(const std::string& when, const std::vector<ranked>& order) {
  if (order.size() < 2 || order.back().figure < least_memory_worth_comparing) return "";
  const auto first = leanest(order);
  if (first.size() == order.size()) return when + " all hold about the same. ";
  std::vector<std::string> others;
  for (const ranked& each : next_and_last(order, first.size())) {
    others.push_back(percent(1 - order.front().figure / each.figure) + " less than " +
                     each.one->on.label);
  }
  return when + " " + listed(labels(first)) + (first.size() == 1 ? " holds" : " hold") +
         " least, " + size_text(order.front().figure) + ": " + listed(others) + ". ";
}

bool contains(std::span<const ranked> some, const result* one) {
  return std::ranges::find(some, one, &ranked::one) != some.end();
}

std::string of_both(std::span<const ranked> quick, std::span<const ranked> lean) {
  for (const ranked& each : quick) {
    if (contains(lean, each.one)) {
      return "For this load take " + each.one->on.label +
             ": none is faster, and none needs less memory at the peak. ";
    }
  }
  return "For this load take " + quick.front().one->on.label + " if time matters more, " +
         lean.front().one->on.label + " if memory does. ";
}

/// Returns: which to take. Preconditions: there are times of more than one.
std::string recommendation(const comparison& what, const std::vector<ranked>& time,
                           const std::vector<ranked>& peak) {
  const auto quick = fastest(what, time);
  if (!peak.empty() && peak.back().figure >= least_memory_worth_comparing) {
    return of_both(quick, leanest(peak));
  }
  return "For this load take " + quick.front().one->on.label + ": none is faster, and " +
         (peak.empty() ? "what memory they need is not known. "
                       : "all need too little memory for a comparison of it. ");
}

std::string not_measured(const comparison& what) {
  std::vector<std::string> missing;
  for (const result& each : what.results) {
    if (each.runs.empty()) missing.push_back(each.on.label);
  }
  return missing.empty() ? "" : "Not measured: " + listed(missing) + ". ";
}

}  // namespace

std::string answer_of(const comparison& what) {
  const auto time = by_time(what);
  const auto peak = ranking(what, peak_resident);
  std::string text;
  if (time.size() > 1) text += recommendation(what, time, peak);
  text += of_time(what, time) + of_memory("At the peak", peak) +
          of_memory("At the end", ranking(what, final_resident)) +
          of_memory("Once asked to give free memory back,", ranking(what, resident_after_release));
  text += not_measured(what);
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace zpmr::compare
