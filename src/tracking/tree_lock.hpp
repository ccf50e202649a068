// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>

/// \file
/// The locks of the trees. Order: the shape, then a tree's mutex, then
/// (in `fork` only) those of the bookkeeping. Nothing is allocated and no
/// callback runs under a tree's mutex. `fork` takes them all, so that a child starts with none held
/// and every account whole.

namespace zpmr::detail {

/// Returns: the mutex for the accounts of a new tree. There is a fixed number of them, shared in
/// turn, so that `fork` takes a bounded number of locks.
std::mutex& mutex_for_new_tree() noexcept;

/// While one lives this thread alone makes or destroys trackers, or resets a peak.
class shape_writer {
 public:
  shape_writer() noexcept;
  ~shape_writer();
  shape_writer(const shape_writer&) = delete;
  shape_writer& operator=(const shape_writer&) = delete;
};

}  // namespace zpmr::detail
