// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace zpmr::bench {

struct case_name {
  std::string work;
  int threads;
  std::string subject;
  friend auto operator<=>(const case_name&, const case_name&) = default;
};

/// One case, a value for each repetition.
struct measurement {
  std::vector<double> nanoseconds;  ///< for an item
  std::vector<double> page_faults;  ///< for an item
};

/// The middle of a set of numbers, and the middle half of them.
struct spread {
  double low, median, high;
};

/// What one run has left in its directory.
struct measurements {
  std::map<case_name, measurement> cases;
  std::vector<case_name> in_order;             ///< the same names, as the programs ran them
  std::map<std::string, double> instructions;  ///< for an item, by "<work>/<subject>"
  std::map<int, double> bytes_per_tracker;     ///< by how many threads have charged it
  std::map<int, double> refusal_nanoseconds;   ///< by how many idle leaves are in the full tree
  std::size_t repetitions = 0;
  int cores = 0;
  std::string date, compiler, versions, processor;

  /// Returns: nanoseconds for an item; empty if there is no such case.
  [[nodiscard]] std::optional<spread> time(const case_name& name) const;

  /// Returns: `numerator` / `denominator`, each repetition with itself, as those were neighbours in
  /// time; empty if there is no such case.
  [[nodiscard]] std::optional<spread> ratio(const case_name& numerator,
                                            const case_name& denominator) const;
};

/// Throws: `std::runtime_error` where the directory does not hold a whole run.
measurements read_measurements(const std::filesystem::path& run);

/// Returns: instructions for an item, by "<work>/<subject>", from the dumps that callgrind has
/// left.
std::map<std::string, double> read_instructions(const std::filesystem::path& dumps);

}  // namespace zpmr::bench
