// SPDX-License-Identifier: MIT
#pragma once

#include "tally.hpp"

namespace zpmr::test::soak {

/// Effects: `threads` threads take blocks from the leaves of a capped tree until all are refused;
/// then exactly what fits must be live. That many times.
tally fill(unsigned threads, unsigned times);

}  // namespace zpmr::test::soak
