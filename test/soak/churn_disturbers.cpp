// SPDX-License-Identifier: MIT
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "churn.hpp"

// What happens to the tree while threads charge and free: limits that move, reads, and forks.

namespace zpmr::test::soak {

using namespace std::chrono_literals;

void churn::move_limits(const std::atomic<bool>& stop) {
  tally mine;
  random_engine random{7};
  while (!stop) {
    counted_tracker& branch = garden_.branch(2 * (random() % (garden::branches / 2)) + 1);
    const std::size_t low = random() % (cap_ / 8);
    if (branch.tracker.try_set_limit(low)) {
      for (int i = 0; i < 100; ++i) {
        if (branch.exact > low || branch.tracker.bytes_in_use() > low) ++mine.caps_passed;
      }
    } else {
      branch.tracker.set_limit(low);  // nothing is charged any more until enough is freed
    }
    std::this_thread::sleep_for(100us);
    branch.tracker.set_limit(random() % 2 == 0 ? no_limit : cap_);
    std::this_thread::sleep_for(100us);
    ++mine.limits_moved;
  }
  tally_.add(mine);
}

void churn::read(const std::atomic<bool>& stop) {
  tally mine;
  std::size_t highest = 0;
  const memory_tracker& root = garden_.root().tracker;
  while (!stop) {
    const std::size_t used = root.bytes_in_use();
    const memory_usage told = root.snapshot();
    highest = std::max({highest, used, told.peak_bytes});
    if (used > cap_ || told.bytes_in_use > cap_) ++mine.caps_passed;
    if (told.peak_bytes < told.bytes_in_use || told.peak_bytes > cap_) ++mine.wrong_figures;
    if (root.peak_bytes() < highest) ++mine.wrong_figures;
    mine.reads += 3;
    std::this_thread::sleep_for(200us);
  }
  tally_.add(mine);
}

void churn::fork_while_busy(const std::atomic<bool>& stop) {
  tally mine;
  while (!stop) {
    std::this_thread::sleep_for(100ms);
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(120);  // one that hangs ends, and tells
      ::_exit(is_whole_in_child() ? 0 : 1);
    }
    int status = 1;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) ++mine.wrong_in_child;
    ++mine.forks;
  }
  tally_.add(mine);
}

/// Whether all is right but for one operation of each thread, and exact from there on. Allocates
/// nothing.
bool churn::is_whole_in_child() const {
  memory_tracker& root = garden_.root().tracker;
  const std::size_t used = root.bytes_in_use();
  const std::size_t exact = garden_.root().exact;
  const std::size_t most_off = (shares_.size() + 1) * most_bytes;
  if (used > exact + most_off || exact > used + most_off) return false;
  std::size_t below = 0;
  root.for_each_child([&](const memory_tracker& each) { below += each.bytes_in_use(); });
  if (below != used) return false;

  constexpr std::size_t step = 4096;
  std::size_t got = 0;
  while (root.try_charge(step)) got += step;
  return used + got <= cap_ && cap_ - used - got < step && root.bytes_in_use() == used + got;
}

}  // namespace zpmr::test::soak
