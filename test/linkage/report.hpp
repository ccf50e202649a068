// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "side.hpp"

namespace linkage {

/// Effects: prints a line for each way to take memory, here and there: who serves it, and in which
/// file that is. Checks that what one side took the other can give back, and that the figures of
/// all allocators say so. Where two allocators serve the sides that is not tried: it must not be
/// done. Returns: 0 if all is well and each of `expected` is the beginning of a line that was
/// printed.
int report(const side& here, const side& there, std::span<const char* const> expected);

}  // namespace linkage
