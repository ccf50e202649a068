// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace zpmr::test {

/// Effects: does the operations that `bytes` spell, on a few trackers and threads, and ends the
/// program where one of them does not do what the model does.
void do_operations(std::span<const std::uint8_t> bytes);

}  // namespace zpmr::test
