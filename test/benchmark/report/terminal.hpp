// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

#include "measurements.hpp"

namespace zpmr::bench {

/// Prints the one table of ratios, what its columns mean, and what was measured on what.
void print_summary(std::ostream& out, const measurements& all);

/// Returns: processor, cores, compiler, versions and date.
std::string machine_line(const measurements& all);

/// Returns: how far apart, in percent, the middle half of a ratio's repetitions lies, for the ratio
/// in the middle.
double typical_noise(const measurements& all);

}  // namespace zpmr::bench
