// SPDX-License-Identifier: MIT
#include "fill.hpp"

#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <deque>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/threads.hpp"

namespace zpmr::test::soak {

namespace {

constexpr std::size_t leaves = 8;
constexpr std::size_t block_bytes = 96;
constexpr std::size_t fitting = 4000;

class filled_tree {
 public:
  explicit filled_tree(unsigned threads) : together_(threads) {
    for (std::size_t i = 0; i < leaves; ++i) leaves_.emplace_back("leaf", root_);
  }

  void run(unsigned thread, unsigned times) {
    tally mine;
    for (unsigned i = 0; i < times; ++i) {
      std::array<std::size_t, leaves> taken{};
      take_until_refused(thread, taken, mine);
      together_.arrive_and_wait();
      if (thread == 0) check(mine);
      together_.arrive_and_wait();
      give_back(taken);
    }
    tally_.add(mine);
  }

  tally result() {
    tally last = tally_.sum();
    if (root_.bytes_in_use() != 0) ++last.wrong_figures;
    if (root_.peak_bytes() != fitting * block_bytes) ++last.wrong_figures;
    return last;
  }

 private:
  /// Leaf after leaf, until all have refused one after the other.
  void take_until_refused(unsigned thread, std::array<std::size_t, leaves>& taken, tally& mine) {
    for (std::size_t at = thread, refused = 0; refused < leaves; ++at) {
      ++mine.cap_attempts;
      if (!leaves_[at % leaves].try_charge(block_bytes)) {
        ++mine.cap_refusals;
        ++refused;
        continue;
      }
      refused = 0;
      ++taken[at % leaves];
      if (++live_ > fitting) ++mine.caps_passed;
    }
  }

  void check(tally& mine) {
    if (live_ < fitting) ++mine.false_refusals;
    if (root_.bytes_in_use() != fitting * block_bytes) ++mine.wrong_figures;
  }

  void give_back(const std::array<std::size_t, leaves>& taken) {
    for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
      for (std::size_t i = 0; i < taken[leaf]; ++i) {
        --live_;
        leaves_[leaf].uncharge(block_bytes);
      }
    }
  }

  hard_limit cap_{fitting * block_bytes + block_bytes / 2};
  memory_tracker root_{"root", &cap_};
  std::deque<memory_tracker> leaves_;
  std::atomic<std::size_t> live_{0};
  std::barrier<> together_;
  shared_tally tally_;
};

}  // namespace

tally fill(unsigned threads, unsigned times) {
  filled_tree tree(threads);
  run_together(threads, [&](unsigned thread) { tree.run(thread, times); });
  return tree.result();
}

}  // namespace zpmr::test::soak
