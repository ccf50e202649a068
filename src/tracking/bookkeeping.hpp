// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/detail/node.hpp>

/// \file
/// The memory for slots and watches. It comes from mmap, as a replaced `operator new` may lead back
/// here, and is kept for the next tracker. Thread safety: any thread.

namespace zpmr::detail {

/// Returns: a new object with all figures 0, or nullptr if the system has no memory.
slot_table* make_slot_table() noexcept;
slot_chunk* make_slot_chunk() noexcept;
peak_watch* make_peak_watch() noexcept;

/// Effects: takes back an object; a table with its chunks.
void recycle(slot_table* table) noexcept;
void recycle(slot_chunk* chunk) noexcept;
void recycle(peak_watch* watch) noexcept;

/// For `fork`.
void lock_bookkeeping() noexcept;
void unlock_bookkeeping() noexcept;

}  // namespace zpmr::detail
