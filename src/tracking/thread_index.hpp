// SPDX-License-Identifier: MIT
#pragma once

namespace zpmr::detail {

/// Effects: gives this thread an index until it ends, unless it has one.
/// Returns: false if it gets none: all are taken, the thread is ending, or there is no heavy fence.
bool claim_index() noexcept;

/// Effects: in the child of a fork, frees the indexes of the threads that are not there.
void keep_own_index_only() noexcept;

}  // namespace zpmr::detail
