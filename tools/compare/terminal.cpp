// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>

#include "answer.hpp"
#include "figures_text.hpp"
#include "reports/terminal_text.hpp"

namespace zpmr::compare {
namespace {

std::string padding(const std::string& cell, std::size_t width) {
  return std::string(width - detail::columns(cell), ' ');
}

void print_table(std::ostream& out, const table& cells) {
  std::vector<std::size_t> widths(cells.front().size());
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], detail::columns(row[i]));
    }
  }
  for (const auto& row : cells) {
    out << row[0] << padding(row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      out << "  " << padding(row[i], widths[i]) << row[i];
    }
    out << '\n';
  }
}

/// Effects: writes the text, broken at spaces into lines as they are read easily.
void print_text(std::ostream& out, const std::string& text) {
  constexpr std::size_t most_columns = 100;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const std::size_t width = detail::columns(word);
    const bool fits = column + 1 + width <= most_columns;
    if (column > 0) out << (fits ? ' ' : '\n');
    column = column > 0 && fits ? column + 1 + width : width;
    out << word;
    at = end + 1;
  }
  out << "\n\n";
}

/// Returns: all of the text, but for what a terminal would take for a command.
std::string printable(const std::string& text) {
  return detail::shortened(text, text.size());
}

void print_one(std::ostream& out, const comparison& what) {
  print_text(out, printable(what.trace.string()) + ": " + description_of(what.profile));
  print_table(out, table_of(what));
  out << '\n';
  print_text(out, answer_of(what));
  print_text(out, remarks_on(what));
}

void print_meanings(std::ostream& out) {
  out << "What the columns mean:\n";
  for (const auto& [heading, meaning] : meanings()) {
    out << "  " << std::left << std::setw(10) << heading << meaning << '\n';
  }
}

}  // namespace

progress_line::progress_line() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

progress_line::~progress_line() {
  write("");
}

void progress_line::show(const std::string& doing, double done) const {
  write(doing + ": " + std::to_string(std::lround(done * 100)) + " %");
}

void progress_line::write(const std::string& line) const {
  if (on_terminal_) std::cerr << '\r' << printable(line) << "\x1b[K" << std::flush;
}

void complain(const std::string& what) {
  std::cerr << "zpmr-compare: " << printable(what) << '\n';
}

void print(std::ostream& out, const std::vector<comparison>& all) {
  for (const comparison& each : all) print_one(out, each);
  if (!all.empty()) print_meanings(out);
}

}  // namespace zpmr::compare
