// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "batch_cutter.hpp"
#include "candidate.hpp"
#include "replay_worker.hpp"
#include "step.hpp"

/// \file
/// The other side of `replay`: a process of its own for each replay, so that the allocator is as
/// fresh as in a program that has just started.

namespace zpmr::compare {

/// The process has ended before it was done.
struct replay_failed : std::runtime_error {
  using runtime_error::runtime_error;
};

class replay_process {
 public:
  /// Effects: starts this program anew. It does not get the terminal's Ctrl-C, which is for this
  /// one. Throws: `std::system_error`.
  replay_process(const candidate& on, measure what);
  ~replay_process();  ///< ends it, if it still runs
  replay_process(const replay_process&) = delete;
  replay_process& operator=(const replay_process&) = delete;

  // All throw `replay_failed`, which says how it ended, or `bad_input` if the system has not as
  // many threads as the trace.

  /// Returns: the reading before the first batch.
  [[nodiscard]] reading begin(const replay_shape& shape);
  [[nodiscard]] reading play(const batch& next);
  /// Returns: the last word, and waits for the end.
  [[nodiscard]] last_word finish(std::uint64_t blocks_in_use);

 private:
  template <class F>
  auto talk(F with_it);
  void wait();

  candidate on_;
  pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  int status_ = 0;
};

/// The first argument that makes this program the other side; the subject and what to measure
/// follow. Not for users.
inline constexpr std::string_view worker_argument = "--replay-for-zpmr-compare";

/// Returns: the exit status of that. Preconditions: `arguments[1]` is `worker_argument`.
int be_worker(int count, char** arguments);

}  // namespace zpmr::compare
