// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <span>

#include "comparison.hpp"

namespace zpmr::compare {

/// Effects: writes one page of HTML with all comparisons. It has all that it shows inside, and no
/// script. Throws: `std::runtime_error` if a plot cannot be drawn.
void write_page(std::ostream& out, std::span<const comparison> all);

}  // namespace zpmr::compare
