// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "support/sanitizer.hpp"

/// \file
/// How often tests with many threads do what they do.

namespace zpmr::test {

#ifdef NDEBUG
inline constexpr bool optimised = true;
#else
inline constexpr bool optimised = false;
#endif

/// Returns: `full` rounds, or as many as a slower build has time for.
constexpr int rounds(int full) {
  if (thread_sanitizer) return std::max(full / 100, 2);
  return optimised ? full : std::max(full / 20, 5);
}

}  // namespace zpmr::test
