// SPDX-License-Identifier: MIT
#include "figures_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace zpmr::compare {
namespace {

// About a batch: only then is there a second reading of the memory.
constexpr std::uint64_t least_events_that_tell = 1024;

constexpr const char* of_time = "an operation takes";
constexpr const char* of_allocations = "an allocation takes";
constexpr const char* of_memory = "memory of the process";

struct column {
  const char* group;
  const char* heading;
  const char* meaning;
  std::string (*cell)(const comparison&, const result&);
};

std::string quantile_text(const result& one, double share) {
  if (!one.times || one.times->allocations.count() == 0) return "unknown";
  return time_text(one.times->allocations.quantile(share));
}

std::string ratio_text(std::optional<double> ratio) {
  return ratio ? number_text(*ratio) : "unknown";
}

std::string spread_text(const std::optional<spread>& time) {
  if (!time) return "unknown";
  return number_text(time->least) + " to " + number_text(time->most);
}

const std::array<column, 10> columns{{
    {of_time, "ns",
     "processor time of an operation, an allocation or a deallocation, in nanoseconds",
     [](const comparison& what, const result& one) {
       const auto time = what.time_of(one);
       return time ? number_text(time->median) : std::string("unknown");
     }},
    {of_time, "runs", "that time in the fastest and the slowest run",
     [](const comparison& what, const result& one) { return spread_text(what.time_of(one)); }},
    {of_allocations, "half", "half of all allocations took no longer, with two looks at the clock",
     [](const comparison&, const result& one) { return quantile_text(one, 0.5); }},
    {of_allocations, "99 %", "99 of 100 took no longer",
     [](const comparison&, const result& one) { return quantile_text(one, 0.99); }},
    {of_allocations, "99.9 %", "999 of 1,000 took no longer",
     [](const comparison&, const result& one) { return quantile_text(one, 0.999); }},
    {of_allocations, "longest",
     "the one that took longest, as the system may just have run something else",
     [](const comparison&, const result& one) { return quantile_text(one, 1); }},
    {of_memory, "peak", "the most memory that the process had, beyond what it started with",
     [](const comparison&, const result& one) { return size_text(peak_resident(one)); }},
    {of_memory, "end", "the memory that it had after the last event",
     [](const comparison&, const result& one) { return size_text(final_resident(one)); }},
    {of_memory, "released", "and after the allocator was asked to give free memory back",
     [](const comparison&, const result& one) { return size_text(resident_after_release(one)); }},
    {of_memory, "per byte",
     "the memory that it had for each byte in use, on average over the trace",
     [](const comparison&, const result& one) { return ratio_text(resident_for_a_byte(one)); }},
}};

std::string counted(std::uint64_t number, const std::string& what) {
  return grouped(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

std::string size_text(std::optional<double> bytes) {
  return bytes ? detail::rounded_size(static_cast<std::size_t>(*bytes)) : "unknown";
}

std::string number_text(double number) {
  return number < 999.5 ? detail::three_digits(number)
                        : grouped(static_cast<std::uint64_t>(std::llround(number)));
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t left = digits.size(); left > 3; left -= 3) digits.insert(left - 3, 1, ',');
  return digits;
}

std::string time_text(std::chrono::nanoseconds time) {
  constexpr std::array<const char*, 4> units{" ns", " µs", " ms", " s"};
  double value = static_cast<double>(time.count());
  if (value < 1000) return std::to_string(time.count()) + units[0];
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
  return number_text(value) + units[unit];
}

table table_of(const comparison& what) {
  std::vector<const result*> order;
  for (const result& each : what.results) {
    if (!each.runs.empty()) order.push_back(&each);
  }
  const auto time = [&](const result* one) {
    const auto known = what.time_of(*one);
    // The results lie one after the other: equal ones stay in their order.
    return std::pair(known ? known->median : std::numeric_limits<double>::max(), one);
  };
  std::ranges::sort(order, {}, time);

  table cells{{"allocator"}};
  for (const column& each : columns) cells.front().emplace_back(each.heading);
  for (const result* one : order) {
    cells.push_back({one->on.label});
    for (const column& each : columns) cells.back().push_back(each.cell(what, *one));
  }
  return cells;
}

std::vector<std::pair<std::string, std::size_t>> column_groups() {
  std::vector<std::pair<std::string, std::size_t>> groups;
  for (const column& each : columns) {
    if (groups.empty() || groups.back().first != each.group) groups.emplace_back(each.group, 0);
    ++groups.back().second;
  }
  return groups;
}

const std::vector<std::pair<std::string, std::string>>& meanings() {
  static const auto all = [] {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const column& each : columns) pairs.emplace_back(each.heading, each.meaning);
    return pairs;
  }();
  return all;
}

std::string description_of(const trace_profile& profile) {
  std::string text = counted(profile.events, "event") + ", " + grouped(profile.allocations) +
                     " of them " + (profile.allocations == 1 ? "an allocation" : "allocations") +
                     ", by " + counted(profile.threads(), "thread") + "; at most " +
                     size_text(static_cast<double>(profile.peak_bytes)) + " in use, " +
                     size_text(static_cast<double>(profile.bytes_in_use)) + " at the end";
  if (profile.duration.count() > 0) text += "; recorded in " + time_text(profile.duration);
  text += '.';
  if (profile.cut_short) {
    text += " The recording was cut short.";
    if (profile.left_out > 0) {
      text +=
          " Left out, as they refer to what is not there: " + counted(profile.left_out, "event") +
          ".";
    }
  }
  return text;
}

std::string remarks_on(const comparison& what) {
  std::string text;
  if (const auto own = what.own_time()) {
    text += "The replay's own " + number_text(*own) + " ns an operation are subtracted. ";
  }
  if (what.own_cost.times && what.own_cost.times->allocations.count() > 0) {
    text += "Two looks at the clock took " +
            time_text(what.own_cost.times->allocations.quantile(0.5)) +
            "; they are part of the times of single allocations. ";
  }
  for (const std::string& each : what.left_out) {
    text += each + " is for one thread, so this trace was not replayed on it. ";
  }
  text += "Memory is read after each batch of events, and as the system's peak.";
  if (what.profile.events < least_events_that_tell) {
    text +=
        " So short a trace tells how the allocators start, not how they serve a program that "
        "runs. Record a longer run.";
  }
  return text;
}

}  // namespace zpmr::compare
