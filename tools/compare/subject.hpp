// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "player.hpp"
#include "step.hpp"

/// \file
/// The memory resources that a trace is replayed on.

namespace zpmr::compare {

/// Whether giving memory back can be asked for.
enum class release_result { done, impossible };

/// A memory resource that steps can be done on, and that can be asked to give free memory back.
///
/// Thread safety: steps from any thread, but for `unsynchronized_pool`.
class subject {
 public:
  virtual ~subject() = default;

  /// Effects: does the steps. Returns: how long this thread waited for others.
  /// Throws: `std::bad_alloc`; then the rest is not done.
  virtual std::chrono::nanoseconds play(std::span<const step> steps, block_places& places) = 0;
  /// Effects: likewise, and adds what each took to `times`.
  virtual std::chrono::nanoseconds play(std::span<const step> steps, block_places& places,
                                        latencies& times) = 0;

  /// Effects: gives what is free back to the system, as far as the resource knows how to.
  virtual release_result release(std::size_t blocks_in_use) = 0;
};

/// The name of the resource that hands out one and the same place, so that what a replay takes on
/// it is the replay's own cost.
inline constexpr std::string_view nothing = "nothing";

/// The name of the one that takes steps from one thread only.
inline constexpr std::string_view unsynchronized_pool = "unsynchronized_pool";

/// Returns: the names of all others, in the order in which they are shown.
[[nodiscard]] std::vector<std::string> subject_names();

/// Returns: the version of the library behind it, as "jemalloc-5.3.0", or the name itself.
[[nodiscard]] std::string version_of(std::string_view name);

/// Returns: a new one. Preconditions: `name` is one of `subject_names()`, or `nothing`; for that,
/// no block is larger than `largest_block`.
[[nodiscard]] std::unique_ptr<subject> make_subject(std::string_view name,
                                                    std::size_t largest_block);

}  // namespace zpmr::compare
