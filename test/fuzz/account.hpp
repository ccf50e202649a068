// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <zpmr/memory_usage.hpp>

/// \file
/// The model: what the documentation promises of a tracker, in plain numbers. One operation at a
/// time, on whichever thread, so every figure but a peak of several threads is exact.

namespace zpmr::test {

inline constexpr std::size_t unlimited = SIZE_MAX;

/// What a peak may be told to be: exact where one thread charged; where several did, no less than
/// what was read, and no more than what was in use.
struct peak_range {
  std::size_t read = 0;
  std::size_t used = 0;

  void restart(std::size_t bytes) { read = used = bytes; }
  [[nodiscard]] bool allows(std::size_t peak, bool one_thread) const {
    return one_thread ? peak == used : read <= peak && peak <= used;
  }
};

/// A tracker's figures as they should be, and its place in the tree.
struct account {
  account* parent = nullptr;
  memory_usage expected;           // but for its peak
  std::list<peak_range> peaks{1};  // its own, and those of the scopes on it
  unsigned children = 0;
  unsigned thread = 0;  // the only one that charged it; 0: none yet
  bool several_threads = false;

  [[nodiscard]] bool fits(std::size_t bytes) const {
    const std::size_t used = expected.bytes_in_use;
    return bytes == 0 || (used <= expected.limit && bytes <= expected.limit - used);
  }
  [[nodiscard]] std::size_t room() const {
    return expected.limit - std::min(expected.limit, expected.bytes_in_use);
  }
};

template <class F>
void for_path(account& from, F f) {
  for (account* each = &from; each != nullptr; each = each->parent) f(*each);
}

inline std::size_t remaining(account& from) {
  std::size_t least = unlimited;
  for_path(from, [&](const account& each) {
    if (each.expected.limit != unlimited) least = std::min(least, each.room());
  });
  return least;
}

/// The thread's first charge here, be it granted or not, or its first uncharge.
inline void seen_by(account& at, unsigned thread) {
  for_path(at, [=](account& each) {
    each.several_threads = each.several_threads || (each.thread != 0 && each.thread != thread);
    each.thread = thread;
  });
}

/// For a moment, or for longer, this much more is in use.
inline void raise_peaks(account& at, std::size_t bytes) {
  for_path(at, [=](account& each) {
    for (peak_range& peak : each.peaks) {
      peak.used = std::max(peak.used, each.expected.bytes_in_use + bytes);
    }
  });
}

}  // namespace zpmr::test
