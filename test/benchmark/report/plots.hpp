// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "measurements.hpp"

namespace zpmr::bench {

/// Effects: draws the plots of the page into `directory`, as SVG, with gnuplot.
/// Throws: `std::runtime_error` if gnuplot fails.
void draw_plots(const measurements& all, const std::filesystem::path& directory);

}  // namespace zpmr::bench
