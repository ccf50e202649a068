// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/memory_usage.hpp>

namespace zpmr::test {

/// Figures of which no two are alike.
inline constexpr memory_usage sample_usage{.bytes_in_use = 1128,
                                           .requested_bytes_in_use = 1104,
                                           .peak_bytes = 2256,
                                           .total_bytes = 4512,
                                           .limit = 9024,
                                           .allocations = 317,
                                           .deallocations = 216,
                                           .denied = 83,
                                           .overdrafts = 29};

}  // namespace zpmr::test
