// SPDX-License-Identifier: MIT
#include "answer.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "figures_text.hpp"
#include "ranking.hpp"

namespace zpmr::compare {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

std::vector<std::string> labels(std::span<const ranked> some) {
  std::vector<std::string> names;
  for (const ranked& each : some) names.push_back(each.one->on.label);
  return names;
}

/// Returns: the next and the last of those that are behind: all are in the table.
std::vector<ranked> next_and_last(const std::vector<ranked>& others) {
  std::vector<ranked> some;
  if (!others.empty()) some.push_back(others.front());
  if (others.size() > 1) some.push_back(others.back());
  return some;
}

std::string range(const std::string& least, const std::string& most) {
  return least == most ? least : least + " to " + most;
}

/// Returns: how the first ones are, as "a is fastest, with 2.00 ns an operation".
std::string of_fastest(const std::vector<ranked>& first) {
  if (first.back().figure <= 0) {
    return listed(labels(first)) + (first.size() == 1 ? " is" : " are") +
           " fastest, with a time that cannot be told from the replay's own";
  }
  const std::string unit = " ns an operation";
  const std::string least = number_text(first.front().figure);
  if (first.size() == 1) return listed(labels(first)) + " is fastest, with " + least + unit;
  return listed(labels(first)) + " are fastest, with no clear difference between them: " +
         range(least, number_text(first.back().figure)) + unit;
}

std::string of_time(const ranking& time) {
  if (time.size() < 2) return "";
  std::vector<std::string> behind;
  for (const ranked& each : next_and_last(time.others)) {
    if (time.best().figure <= 0) break;  // the clock cannot tell it from nothing
    behind.push_back(number_text(each.figure / time.best().figure) + " times as fast as " +
                     each.one->on.label);
  }
  std::string text = of_fastest(time.first);
  if (!behind.empty()) {
    text += (time.first.size() == 1 ? ": " : "; " + time.best().one->on.label + " is ") +
            listed(behind);
  }
  text += ". ";
  const auto is_untold = [&](const ranked& each) {
    return how_clearly_faster(time.best(), each) == difference::untold;
  };
  if (std::ranges::any_of(time.others, is_untold)) {
    text += "That may be chance: for so few runs no difference is clear. Give --runs 4 or more. ";
  }
  return text;
}

std::string percent(double share) {
  // What is still there is not 100 % less.
  return std::to_string(std::min(std::lround(share * 100), share < 1 ? 99L : 100L)) + " %";
}

std::string of_memory(const std::string& when, const ranking& memory) {
  if (memory.size() < 2 || memory.last().figure < least_memory_worth_comparing) return "";
  if (memory.others.empty()) return when + " all hold about the same. ";
  std::vector<std::string> behind;
  for (const ranked& each : next_and_last(memory.others)) {
    behind.push_back(percent(1 - memory.best().figure / each.figure) + " less than " +
                     each.one->on.label);
  }
  const std::string least = size_text(memory.best().figure);
  std::string text = when + " " + listed(labels(memory.first));
  if (memory.first.size() == 1) {
    text += " holds least, " + least + ": ";
  } else {
    text += " hold least, " + range(least, size_text(memory.first.back().figure)) + "; " +
            memory.best().one->on.label + " has ";
  }
  return text + listed(behind) + ". ";
}

bool contains(std::span<const ranked> some, const result* one) {
  return std::ranges::find(some, one, &ranked::one) != some.end();
}

/// Returns: which to take. Preconditions: there are times of more than one. What the runs merely
/// cannot tell from the fastest does not count as fast.
std::string recommendation(const ranking& time, const ranking& peak) {
  const ranked& fastest = time.best();
  if (peak.size() == 0 || peak.last().figure < least_memory_worth_comparing) {
    return "For this load take " + fastest.one->on.label + ": none is faster, and " +
           (peak.size() == 0 ? "what memory they need is not known. "
                             : "all need too little memory for a comparison of it. ");
  }
  for (const ranked& each : time.first) {
    if (are_as_fast(fastest, each) && contains(peak.first, each.one)) {
      return "For this load take " + each.one->on.label +
             ": none is faster, and none needs less memory at the peak. ";
    }
  }
  return "For this load take " + fastest.one->on.label + " if time matters more, " +
         peak.best().one->on.label + " if memory does. ";
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
  const ranking time = ranking_by_time(what);
  const ranking peak = ranking_by_memory(what, peak_resident);
  std::string text;
  if (time.size() > 1) text += recommendation(time, peak);
  text += of_time(time) + of_memory("At the peak", peak) +
          of_memory("At the end", ranking_by_memory(what, final_resident)) +
          of_memory("Once asked to give free memory back,",
                    ranking_by_memory(what, resident_after_release));
  text += not_measured(what);
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace zpmr::compare
