// SPDX-License-Identifier: MIT
#include "comparison.hpp"

#include <algorithm>
#include <utility>

namespace zpmr::compare {
namespace {

std::optional<spread> time_for_an_event(const result& one, std::uint64_t events) {
  std::vector<double> times;
  for (const run& each : one.runs) {
    times.push_back(static_cast<double>(each.processor_time.count()) / static_cast<double>(events));
  }
  return spread_of(std::move(times));
}

std::optional<double> mean_resident_for_a_byte(const run& one) {
  double resident = 0;
  double in_use = 0;
  for (const sample& each : one.samples) {
    if (!each.resident) return std::nullopt;
    resident += static_cast<double>(*each.resident);
    in_use += static_cast<double>(each.bytes_in_use);
  }
  if (in_use == 0) return std::nullopt;
  return resident / in_use;
}

}  // namespace

std::optional<spread> spread_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return spread{median, values.front(), values.back()};
}

std::optional<double> comparison::own_time() const {
  const auto own = time_for_an_event(own_cost, profile.events);
  return own ? std::optional(own->median) : std::nullopt;
}

std::optional<spread> comparison::time_of(const result& one) const {
  auto time = time_for_an_event(one, profile.events);
  const auto own = own_time();
  if (!time || !own) return std::nullopt;
  for (double* each : {&time->median, &time->least, &time->most})
    *each = std::max(0.0, *each - *own);
  return time;
}

std::optional<double> median_of(
    const result& one, const std::function<std::optional<std::uint64_t>(const run&)>& figure) {
  std::vector<double> values;
  for (const run& each : one.runs) {
    const auto value = figure(each);
    if (!value) return std::nullopt;
    values.push_back(static_cast<double>(*value));
  }
  const auto spread = spread_of(std::move(values));
  return spread ? std::optional(spread->median) : std::nullopt;
}

std::optional<double> peak_resident(const result& one) {
  return median_of(one, [](const run& each) { return each.peak_resident; });
}

std::optional<double> final_resident(const result& one) {
  return median_of(one, [](const run& each) { return each.final_resident(); });
}

std::optional<double> resident_after_release(const result& one) {
  return median_of(one, [](const run& each) { return each.resident_after_release; });
}

std::optional<double> resident_for_a_byte(const result& one) {
  std::vector<double> ratios;
  for (const run& each : one.runs) {
    const auto ratio = mean_resident_for_a_byte(each);
    if (!ratio) return std::nullopt;
    ratios.push_back(*ratio);
  }
  const auto spread = spread_of(std::move(ratios));
  return spread ? std::optional(spread->median) : std::nullopt;
}

}  // namespace zpmr::compare
