// SPDX-License-Identifier: MIT
#include "churn.hpp"

#include <thread>

#include "support/sanitizer.hpp"
#include "worker.hpp"

namespace zpmr::test::soak {

churn::churn(unsigned lanes, allocator_resource& base)
    : cap_(lanes * share_bytes), upstream_(base), garden_(cap_, upstream_), shares_(lanes) {}

tally churn::run(const std::atomic<bool>& stop) {
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < shares_.size(); ++i) {
      threads.emplace_back([this, i, &stop] { run_lane(i, stop); });
    }
    threads.emplace_back([this, &stop] { move_limits(stop); });
    threads.emplace_back([this, &stop] { read(stop); });
    // The malloc of a sanitizer may be locked by another thread, for ever in the child.
    if (!malloc_is_replaced) fork_while_busy(stop);
  }
  check_at_rest();
  free_all();
  check_at_rest();
  tally last;
  last.faults = upstream_.faults();
  last.leaked_blocks = upstream_.blocks();
  tally_.add(last);
  return tally_.sum();
}

/// One thread after the other.
void churn::run_lane(unsigned lane, const std::atomic<bool>& stop) {
  for (unsigned generation = 1; !stop; ++generation) {
    std::thread([&] { worker(*this, lane, lane * 7919 + generation).run(stop); }).join();
  }
}

void churn::check_at_rest() {
  const memory_tracker& root = garden_.root().tracker;
  const memory_usage told = root.snapshot();
  const bool right =
      told.bytes_in_use == garden_.root().exact &&
      told.requested_bytes_in_use == expected_.requested && told.total_bytes == expected_.charged &&
      told.allocations == expected_.allocations && told.deallocations == expected_.deallocations &&
      told.denied == expected_.denied && told.overdrafts == 0 &&
      told.peak_bytes >= told.bytes_in_use && told.peak_bytes <= cap_;
  tally found;
  if (!right) ++found.wrong_figures;
  for (std::size_t i = 0; i < garden::branches; ++i) {
    const counted_tracker& branch = garden_.branch(i);
    if (branch.tracker.bytes_in_use() != branch.exact) ++found.wrong_figures;
  }
  tally_.add(found);
}

void churn::free_all() {
  // A lane of its own, so that all of it counts as freed elsewhere: by the last thread of all.
  const std::atomic<bool> at_once{true};
  worker last(*this, 0, 1);
  for (std::size_t place = 0; place < exchange::size; ++place) {
    last.free(exchange_.swap(place, {}));
  }
  last.run(at_once);
}

}  // namespace zpmr::test::soak
