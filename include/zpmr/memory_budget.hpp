// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <zpmr/export.hpp>
#include <zpmr/process_memory.hpp>

/// \file
/// The limit to give a tracker so that the process stays within what its container or machine has.
/// Not part of `zpmr.hpp`: include it where needed.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet cap_from_the_container.cpp example

namespace zpmr {

/// Returns: `fraction` of the least of `cgroup_limit`, `process_limit` and `physical` of the
/// sample, in bytes, rounded down; empty where none of them is known, so that it is the caller who
/// chooses what to do then. Leave a part for what no tracker counts: code, stacks, other
/// allocators, and what the allocator itself keeps. Preconditions: 0 < `fraction` <= 1; for any
/// other, unchecked builds give an empty result.
[[nodiscard]] ZPMR_EXPORT std::optional<std::size_t> memory_budget(
    double fraction, const process_memory& memory = sample_process_memory()) noexcept;

}  // namespace zpmr
