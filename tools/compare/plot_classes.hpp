// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "trace_profile.hpp"

/// \file
/// Plots of what a trace says by itself, as scripts for gnuplot.

namespace zpmr::compare {

/// Returns: a bar for each class of sizes.
[[nodiscard]] std::string sizes_script(const trace_profile& profile);

/// Returns: a field for each class of sizes and of lifetimes; the more blocks, the darker.
[[nodiscard]] std::string lifetimes_script(const trace_profile& profile);

}  // namespace zpmr::compare
