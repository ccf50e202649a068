// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "comparison.hpp"

/// \file
/// What the terminal shows: how far the measuring is, and then what came of it.

namespace zpmr::compare {

/// One line on stderr that is rewritten, and gone at the end. Nothing where that is no terminal.
class progress_line {
 public:
  progress_line();
  ~progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  /// Effects: shows what is going on, and how much of it is done, from 0 to 1.
  void show(const std::string& doing, double done) const;

 private:
  void write(const std::string& line) const;

  bool on_terminal_;
};

/// Effects: writes one line to stderr. What is no text, as it may be in the name of a file, is
/// replaced.
void complain(const std::string& what);

/// Effects: writes each comparison as a table and in words, and what the columns mean.
void print(std::ostream& out, const std::vector<comparison>& all);

}  // namespace zpmr::compare
