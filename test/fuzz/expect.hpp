// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>

namespace zpmr::test {

/// Effects: ends the program where the library does other than the model says: a fuzzer takes that
/// for a find and keeps the input, a test for a failure.
inline void expect(bool as_documented, const char* rule) {
  if (as_documented) return;
  std::fprintf(stderr, "the model says otherwise: %s\n", rule);
  std::abort();
}

}  // namespace zpmr::test
