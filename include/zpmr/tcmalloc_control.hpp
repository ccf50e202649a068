// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/config.hpp>
#include <zpmr/export.hpp>

#if !ZPMR_WITH_TCMALLOC
#error \
    "zpmr was built without tcmalloc. Build it with -DZPMR_WITH_TCMALLOC=ON, or leave this header out."
#endif

/// \file
/// When tcmalloc gives memory back to the system. Not part of `zpmr.hpp`: include it where needed.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet give_memory_back.cpp tcmalloc

namespace zpmr {

/// Returns: how eagerly tcmalloc gives free pages back when blocks are freed. 0 is never, 1 a page
/// for about every 1,000 pages that are freed, 10 ten times as many.
/// Throws: `std::system_error` where tcmalloc is not ready: before `main`, its own static
/// constructors may not have run.
[[nodiscard]] ZPMR_EXPORT double tcmalloc_release_rate();

/// Effects: sets the rate, from the next free on.
/// Throws: `std::invalid_argument` if it is negative or not a number; as `tcmalloc_release_rate`.
ZPMR_EXPORT void set_tcmalloc_release_rate(double rate);

/// Effects: gives the blocks that this thread freed, and that tcmalloc keeps for its next
/// allocations, to all threads.
ZPMR_EXPORT void flush_tcmalloc_thread_cache() noexcept;

/// Effects: as `flush_tcmalloc_thread_cache`, and this thread has no cache at all until it
/// allocates or frees next; its share of the room for caches goes to other threads. For a thread
/// that will be idle for long.
ZPMR_EXPORT void mark_tcmalloc_thread_idle() noexcept;

}  // namespace zpmr
