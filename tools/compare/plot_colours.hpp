// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

/// \file
/// How a candidate is drawn: the same in all plots.

namespace zpmr::compare {

/// People who see fewer colours can tell these apart too: most are those of Okabe and Ito.
inline constexpr std::array<const char*, 8> colours{"#0072b2", "#d55e00", "#009e73", "#e69f00",
                                                    "#cc79a7", "#56b4e9", "#4d4d4d", "#8c510a"};

[[nodiscard]] inline const char* colour_of(std::size_t index) {
  return colours[index % colours.size()];
}

/// What gnuplot calls a dash type. With more candidates than colours, these tell them apart.
[[nodiscard]] inline std::size_t dashes_of(std::size_t index) {
  return 1 + index / colours.size();
}

/// Returns: the same, in the words of a style sheet.
[[nodiscard]] inline std::string line_style_of(std::size_t index) {
  constexpr std::array<const char*, 3> dashes{"solid", "dashed", "dotted"};
  const std::size_t dash = std::min(dashes_of(index), dashes.size()) - 1;
  return std::string("3px ") + dashes[dash] + ' ' + colour_of(index);
}

}  // namespace zpmr::compare
