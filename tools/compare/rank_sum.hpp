// SPDX-License-Identifier: MIT
#pragma once

#include <span>

/// \file
/// Whether measurements of two things differ by more than they do among themselves.

namespace zpmr::compare {

enum class difference {
  clear,
  unclear,
  untold,  ///< there are so few values that none could be clear
};

/// Returns: how clearly the values of `one` are the lesser ones, by the rank sum test of Mann,
/// Whitney and Wilcoxon: clear is what chance gives in less than one of 20 cases. It asks only
/// which of two values is less, so one that is far off counts no more than any other. The more
/// values, the smaller a difference can be clear; four of each are enough for the test to tell
/// anything.
[[nodiscard]] difference how_clearly_less(std::span<const double> one,
                                          std::span<const double> other);

}  // namespace zpmr::compare
