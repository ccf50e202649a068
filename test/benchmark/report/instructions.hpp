// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>

/// \file
/// The instruction counts that are kept beside the sources, and whether a run agrees with them.

namespace zpmr::bench {

using instruction_counts = std::map<std::string, double>;  ///< by "<work>/<subject>"

struct accepted_counts {
  std::string compiler;
  instruction_counts counts;
};

accepted_counts read_accepted(const std::filesystem::path& file);
void write_accepted(const std::filesystem::path& file, const accepted_counts& accepted);

/// Effects: prints a line for each count that is missing, new, or more than a tenth off.
/// Returns: how many lines.
int print_differences(std::ostream& out, const instruction_counts& accepted,
                      const instruction_counts& counted);

}  // namespace zpmr::bench
