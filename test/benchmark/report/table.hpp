// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace zpmr::bench {

/// Cells of text: the first row is the heading, the first column the names of the rows.
using table = std::vector<std::vector<std::string>>;

/// For a terminal: columns in line. A row of one cell is a heading.
void print_text(std::ostream& out, const table& cells);
void print_markdown(std::ostream& out, const table& cells);

/// Returns: the number with about three digits.
std::string three_digits(double number);

}  // namespace zpmr::bench
