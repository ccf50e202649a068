// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "measurements.hpp"

namespace zpmr::bench {

/// Returns: `text` with each {{name}} replaced by what the run says.
std::string filled_in(std::string text, const measurements& all);

}  // namespace zpmr::bench
