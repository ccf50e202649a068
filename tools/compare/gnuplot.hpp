// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace zpmr::compare {

/// Returns: whether there is a gnuplot.
[[nodiscard]] bool gnuplot_is_there();

/// Returns: what gnuplot draws, as an element `svg` that fits its place in a page, `height` where
/// the width is 900. `name` begins all names inside. Throws: `std::runtime_error` if gnuplot fails.
[[nodiscard]] std::string drawn_by_gnuplot(const std::string& name, int height,
                                           const std::string& script);

}  // namespace zpmr::compare
