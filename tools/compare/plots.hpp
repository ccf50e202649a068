// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "comparison.hpp"

namespace zpmr::compare {

/// What one curve is, and how it is drawn, in the words of a style sheet.
struct legend_entry {
  std::string name;
  std::string line;
};

/// A picture, as an element of a page. Its legend is none of the picture: names may be long.
struct plot {
  std::string title;
  std::string caption;  ///< how to read it
  std::vector<legend_entry> legend;
  std::string svg;
};

/// Effects: sees whether there is a gnuplot to draw with. Throws: `bad_input` if not.
void check_gnuplot();

/// Returns: what the page shows of one trace. `number` sets the names inside apart from those of
/// other traces. Throws: `std::runtime_error` if gnuplot fails.
[[nodiscard]] std::vector<plot> plots_of(const comparison& what, std::size_t number);

}  // namespace zpmr::compare
