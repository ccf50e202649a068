// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "comparison.hpp"

namespace zpmr::compare {

/// Returns: everything that was measured, every run of it. Sizes are in bytes, times in
/// nanoseconds; what is not known is null. docs/compare.md describes it.
[[nodiscard]] nlohmann::ordered_json json_of(const comparison& what);

}  // namespace zpmr::compare
