// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/zmalloc.h>
#include <zpmr/export.hpp>
#include <zpmr/memory_tracker.hpp>

/// \file
/// The tracker behind zmalloc.h, for C++: with it a policy can be put on C code, and C code below a
/// budget. Link `zpmr::zmalloc`. Not part of `zpmr.hpp`: include it where needed.
///
/// Thread safety: every function may be called from any thread, also before `main` and after it.
///
/// \snippet policy_on_c_code.cpp example

namespace zpmr {

/// Returns: the tracker that all blocks of zmalloc.h are charged to. It is named "zmalloc", is made
/// when it is first wanted, by this function or by the first block, and is never destroyed. What is
/// put on it, as by `set_policy`, must live as long.
[[nodiscard]] ZPMR_EXPORT memory_tracker& zmalloc_tracker() noexcept;

/// Effects: makes that tracker a child of `parent`, which must never be destroyed either.
/// Returns: the tracker.
/// Throws: `std::logic_error` if it has been made before.
ZPMR_EXPORT memory_tracker& make_zmalloc_tracker(memory_tracker& parent);

}  // namespace zpmr
