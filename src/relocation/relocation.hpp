// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory_resource>
#include <span>
#include <zpmr/detail/relocation_pass.hpp>
#include <zpmr/relocation_hint.hpp>

/// \file
/// What an allocator tells of the places where its blocks lie: what jemalloc_relocation.cpp or,
/// without jemalloc, no_relocation.cpp supplies.

namespace zpmr::detail {

/// Returns: whether `resource` is an allocator of which the following are known.
bool reports_on_blocks(const std::pmr::memory_resource& resource) noexcept;

/// Preconditions: `block` is of a resource that has hints; or an address in the block's first page.
block_report report_on(const void* block) noexcept;

/// Returns: the report on a block of that many bytes, aligned as a pointer, which lies anywhere.
block_report report_on_unseen(std::size_t bytes) noexcept;

/// Effects: writes the advice for each of `blocks`. Preconditions: as for `report_on`.
void advise_on(std::span<const void* const> blocks, std::span<relocation> hints) noexcept;

/// Effects: from now on this thread's blocks come from slabs and go back to them at once. Through
/// the thread's cache, a block that has moved is handed out again as the next one's new place, and
/// nothing is won.
/// Returns: whether there was a cache before.
bool suspend_thread_cache() noexcept;
void resume_thread_cache() noexcept;

}  // namespace zpmr::detail
