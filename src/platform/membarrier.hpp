// SPDX-License-Identifier: MIT
#pragma once

namespace zpmr::detail {

/// Effects: prepares the process for `heavy_fence`.
/// Returns: false where the system has no such fence, or the environment variable
/// `ZPMR_MEMBARRIER=off` forbids it (any other value but an empty one is told on stderr). Then no
/// thread may rely on light fences.
bool prepare_heavy_fence() noexcept;

/// Effects: a full fence on every running thread of the process: what each stored before a
/// `light_fence` that it has passed is visible here, and what was stored here is visible to what
/// each loads after its next one. Returns: false if the system refused, as a sandbox that was
/// entered after the start may do.
bool heavy_fence() noexcept;

}  // namespace zpmr::detail
