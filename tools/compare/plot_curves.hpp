// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "comparison.hpp"
#include "plots.hpp"

/// \file
/// The plots with a curve for each candidate.

namespace zpmr::compare {

/// What gnuplot is to draw, without a script if there is nothing.
struct curves {
  std::string script;
  std::vector<legend_entry> legend;
};

[[nodiscard]] curves memory_curves(const comparison& what);
[[nodiscard]] curves fragmentation_curves(const comparison& what);
[[nodiscard]] curves latency_curves(const comparison& what);

}  // namespace zpmr::compare
