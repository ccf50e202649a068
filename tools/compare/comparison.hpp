// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "candidate.hpp"
#include "ensemble.hpp"
#include "player.hpp"
#include "trace_profile.hpp"

/// \file
/// What was measured, and the figures that follow from it.

namespace zpmr::compare {

/// The moment after a batch. Resident is what the process has more than before the first batch.
struct sample {
  std::uint64_t event;
  std::uint64_t bytes_in_use;  ///< as the program asked for them
  std::optional<std::uint64_t> resident;
};

struct run {
  std::chrono::nanoseconds processor_time{};
  std::chrono::nanoseconds elapsed{};
  std::vector<sample> samples;
  std::optional<std::uint64_t> peak_resident;
  std::optional<std::uint64_t> resident_after_release;
  latencies times{};  ///< only if they were measured

  [[nodiscard]] std::optional<std::uint64_t> final_resident() const {
    return samples.empty() ? std::nullopt : samples.back().resident;
  }
};

/// All that was measured on one candidate.
struct result {
  candidate on;
  std::vector<run> runs;
  std::optional<latencies> times;
};

/// The middle of several runs, and the least and the most of them.
struct spread {
  double median;
  double least;
  double most;
};

/// Returns: nothing if there are no values.
[[nodiscard]] std::optional<spread> spread_of(std::vector<double> values);

/// One trace on all candidates.
struct comparison {
  std::filesystem::path trace;
  trace_profile profile;
  result own_cost{};  ///< the replay on `nothing`
  std::vector<result> results{};
  std::vector<std::string> left_out{};  ///< what cannot replay it; the remarks say why

  /// Returns: the replay's own nanoseconds for an event. Nothing if it was not measured.
  [[nodiscard]] std::optional<double> own_time() const;
  /// Returns: nanoseconds of processor time for an event, without the replay's own.
  [[nodiscard]] std::optional<spread> time_of(const result& one) const;
};

/// Returns: the median of a figure over the runs. Nothing if it is not known of all of them.
[[nodiscard]] std::optional<double> median_of(
    const result& one, const std::function<std::optional<std::uint64_t>(const run&)>& figure);

[[nodiscard]] std::optional<double> peak_resident(const result& one);
[[nodiscard]] std::optional<double> final_resident(const result& one);
[[nodiscard]] std::optional<double> resident_after_release(const result& one);
/// Returns: resident bytes for each byte in use, on average over the trace.
[[nodiscard]] std::optional<double> resident_for_a_byte(const result& one);

}  // namespace zpmr::compare
