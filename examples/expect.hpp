// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <iostream>
#include <source_location>

/// Effects: ends the program with status 1 if an example does not do what it says, so that running
/// the examples tests them.
inline void expect(bool holds,
                   const std::source_location& where = std::source_location::current()) {
  if (holds) return;
  std::cerr << where.file_name() << ':' << where.line() << ": not as expected\n";
  std::exit(EXIT_FAILURE);
}
