// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <zpmr/export.hpp>

namespace zpmr::detail {

/// How many threads at a time have slots of their own. The others share one way, under the tree's
/// mutex.
inline constexpr std::uint32_t max_indexes = 256;
inline constexpr std::uint32_t no_index = max_indexes;

/// What the library knows of a thread. Constant-initialised and trivially destroyed: a guard would
/// cost every allocation, and it also serves while the thread's other storage is being torn down.
struct thread_state {
  std::uint32_t index = no_index;  ///< below `max_indexes`; given back when the thread ends
  bool index_denied = false;       ///< there was none, or the thread is ending
  unsigned overdraft_scopes = 0;
  unsigned policy_calls = 0;
  std::uint64_t charges_asked = 0;  ///< that have put a question to a policy
  unsigned shape_readers = 0;       ///< that this thread holds; only the outermost locks
};

// Initial-exec, as the default model of a shared library calls a function for each access.
ZPMR_EXPORT extern constinit thread_local thread_state this_thread
    [[gnu::tls_model("initial-exec")]];

}  // namespace zpmr::detail
