// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "ensemble.hpp"
#include "player.hpp"

/// \file
/// The process that replays. It never sees the trace: the batches come through a pipe, so that
/// nothing but their blocks lies in its heap.

namespace zpmr::compare {

/// What is said when all batches are done.
struct last_word {
  /// After free memory was given back; empty where that cannot be asked for.
  std::optional<std::size_t> resident_after_release;
  latencies times;
};

/// Effects: replays what comes from `in` (a `replay_shape`, then batches, each as a `batch_header`,
/// its parts and its steps, then an empty header and the count of blocks in use as `std::uint64_t`)
/// on the subject of that name. Tells `out` a `reading` before the first batch and after each, and
/// a `last_word`. Throws: `channel_closed`; `std::system_error`; `std::bad_alloc`.
void replay(std::string_view subject, measure what, int in, int out);

}  // namespace zpmr::compare
