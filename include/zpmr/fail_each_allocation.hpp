// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <zpmr/export.hpp>
#include <zpmr/failure_schedule.hpp>

/// \file
/// Does a piece of code survive running out of memory, wherever that happens? Not part of
/// `zpmr.hpp`: include it where needed.
///
/// Thread safety: one call at a time for each schedule.
///
/// \snippet survive_running_out.cpp loop

namespace zpmr {

class memory_tracker;

/// Effects: calls `block` with its first allocation failing, then with its second, and so on until
/// a call gets through without any that fails; then all of it once more with failures that last.
/// After each call the bytes in use, requested and blocks in use of `trackers` must be as at the
/// start: the block destroys what it makes. It may let a `std::bad_alloc` out where an allocation
/// failed, or do without the memory. Afterwards nothing fails.
///
/// Preconditions: the schedule outlives what `block` does, and nobody else allocates by it.
/// Returns: how many allocations were made to fail first. 0 says that nothing was tested: the block
/// allocates nothing that asks this schedule.
/// Throws: `std::logic_error` that says which allocation it was, if a figure is not back, or if any
/// `std::exception` but `std::bad_alloc` comes out (it is nested in the `std::logic_error`); what
/// the block throws where nothing was made to fail, or is no `std::exception`.
[[nodiscard]] ZPMR_EXPORT std::uint64_t fail_each_allocation(
    failure_schedule& failures, std::initializer_list<const memory_tracker*> trackers,
    const std::function<void()>& block);

}  // namespace zpmr
