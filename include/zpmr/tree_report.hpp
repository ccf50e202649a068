// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <zpmr/export.hpp>
#include <zpmr/tree_snapshot.hpp>

/// \file
/// All trackers as a table for a terminal that shows UTF-8: who holds how much, of its own limit
/// and of what its parent holds.
///
/// Thread safety: the functions may be called from any thread.
///
/// \snippet print_the_figures.cpp tree

namespace zpmr {

/// How a table writes sizes.
enum class size_style {
  rounded,  ///< three digits and a unit: 1.50 GiB
  exact     ///< all digits, in bytes
};

/// Effects: writes a line of titles and a line for each tracker, children below their parent. A
/// name of more than 40 characters is cut in its middle, and a control character in it is shown as
/// U+FFFD. Nothing is allocated from a tracker. The stream's format flags apply to nothing.
/// Throws: `std::bad_alloc`, and what the stream throws.
ZPMR_EXPORT void print_tree(std::ostream& out, const tree_snapshot& tree = {},
                            size_style sizes = size_style::rounded);

}  // namespace zpmr
