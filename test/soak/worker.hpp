// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "churn.hpp"

namespace zpmr::test::soak {

/// One thread of a lane: charges, and frees what others have charged.
class worker {
 public:
  worker(churn& common, unsigned lane, unsigned seed)
      : common_(common), share_(common.shares_[lane]), random_(seed) {}

  /// Effects: does its operations, fewer if `stop` comes before. Adds to the common figures.
  void run(const std::atomic<bool>& stop);

  /// Effects: takes off what is held, if anything.
  void free(holding gone);

 private:
  void step();
  void bring();
  void fetch();
  bool take(holding& wanted);
  bool take_block(holding& wanted);
  void disturb();
  void book(counted_tracker& at, std::size_t bytes);
  void try_the_impossible(counted_tracker& at);
  void count_refusal(const counted_tracker& at);

  churn& common_;
  share& share_;
  random_engine random_;
  tally mine_;
  std::uint64_t charged_ = 0;
  std::uint64_t allocations_ = 0;
  std::uint64_t deallocations_ = 0;
  std::uint64_t denied_ = 0;
  std::size_t requested_ = 0;  // less what was freed; may wrap, the sum does not
};

}  // namespace zpmr::test::soak
