// SPDX-License-Identifier: MIT
#include "thread_index.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace zpmr::bench {
namespace {

std::mutex mutex;
std::array<bool, max_threads> taken{};

// A thread local of its own, as one with a destructor would put a guard on every look at the index.
struct returner {
  std::size_t index = max_threads;
  ~returner() {
    if (index == max_threads) return;
    const std::scoped_lock lock(mutex);
    taken[index] = false;
  }
};

}  // namespace

std::size_t take_thread_index() {
  static thread_local returner mine;
  const std::scoped_lock lock(mutex);
  const auto free = std::ranges::find(taken, false);
  if (free == taken.end()) return max_threads;
  *free = true;
  return mine.index = static_cast<std::size_t>(free - taken.begin());
}

}  // namespace zpmr::bench
