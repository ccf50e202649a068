// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "measurements.hpp"

namespace zpmr::bench {

/// Returns: a line for each thing that says that the run must not be believed; none if all is well.
std::vector<std::string> reasons_for_doubt(const measurements& all);

}  // namespace zpmr::bench
