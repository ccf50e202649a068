// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "comparison.hpp"

namespace zpmr::compare {

/// Returns: what a comparison says, in words: which is fastest, which needs least memory, by how
/// much, and which to take. Differences that `ranking` does not take for clear are called none.
[[nodiscard]] std::string answer_of(const comparison& what);

}  // namespace zpmr::compare
