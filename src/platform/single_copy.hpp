// SPDX-License-Identifier: MIT
#pragma once

namespace zpmr::detail {

/// Effects: stops the program, with a message that names both files, if another copy of the library
/// is loaded.
/// Returns: true, so that a namespace-scope constant can call it.
bool expect_single_copy() noexcept;

}  // namespace zpmr::detail
