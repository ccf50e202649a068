// SPDX-License-Identifier: MIT
#include "table.hpp"

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <ostream>

namespace zpmr::bench {

void print_text(std::ostream& out, const table& cells) {
  std::vector<std::size_t> widths(cells.front().size(), 0);
  for (const auto& row : cells) {
    if (row.size() == 1) continue;
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : cells) {
    if (row.size() == 1) {
      out << row[0] << '\n';
      continue;
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << (i == 0 ? "" : " ") << (i == 0 ? std::left : std::right)
          << std::setw(static_cast<int>(widths[i])) << row[i];
    }
    out << '\n';
  }
}

void print_markdown(std::ostream& out, const table& cells) {
  const auto print_row = [&out](const std::vector<std::string>& row) {
    for (const std::string& cell : row) out << "| " << cell << ' ';
    out << "|\n";
  };
  print_row(cells.front());
  out << "|---|";
  for (std::size_t i = 1; i < cells.front().size(); ++i) out << "---:|";
  out << '\n';
  std::for_each(cells.begin() + 1, cells.end(), print_row);
}

std::string three_digits(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", number < 10 ? 2 : number < 100 ? 1 : 0, number);
  return text;
}

}  // namespace zpmr::bench
