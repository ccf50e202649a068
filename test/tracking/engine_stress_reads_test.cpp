// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE engine_stress_reads
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/stress_rounds.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::memory_tracker;
using zpmr::test::rounds;
using zpmr::test::run_together;

}  // namespace

BOOST_AUTO_TEST_CASE(a_read_is_off_by_no_more_than_the_documented_bound) {
  constexpr unsigned threads = 4;
  constexpr std::size_t lease = std::size_t{1} << 20;
  constexpr std::size_t mark = std::size_t{2} << 20;
  constexpr std::size_t bound = threads * (lease + mark);
  constexpr std::size_t limit = std::size_t{1} << 30;
  hard_limit cap{limit};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  std::atomic<std::size_t> held{0};         // at least, by finished operations
  std::atomic<std::size_t> in_progress{0};  // besides
  std::atomic<unsigned> running{threads};
  std::atomic<unsigned> wrong{0};
  constexpr std::size_t most_bytes = 100'000;
  run_together(threads + 1, [&](unsigned index) {
    if (index == threads) {
      while (running > 0) {
        for (const memory_tracker* each : {&root, &leaf}) {
          const std::size_t before = held;
          const std::size_t used = each->bytes_in_use();
          const std::size_t after = held;
          // Between the two readings the threads may have gone a long way: only when they have
          // not, the figures can be compared.
          const std::size_t moved = after > before ? after - before : before - after;
          const std::size_t slack = bound + moved + threads * most_bytes;
          if (used > limit || each->peak_bytes() < used) ++wrong;
          if (used > std::max(before, after) + slack + in_progress) ++wrong;
          if (used + slack + in_progress < std::min(before, after)) ++wrong;
        }
      }
      return;
    }
    std::minstd_rand random{index + 1};
    std::vector<std::size_t> mine;
    for (int i = 0; i < rounds(2'000'000); ++i) {
      const std::size_t bytes = random() % most_bytes;
      if (mine.size() < 500 && random() % 2 == 0) {
        if (!leaf.try_charge(bytes)) continue;
        held += bytes;
        mine.push_back(bytes);
      } else if (!mine.empty()) {
        held -= mine.back();
        leaf.uncharge(mine.back());
        mine.pop_back();
      }
    }
    for (const std::size_t bytes : mine) {
      held -= bytes;
      leaf.uncharge(bytes);
    }
    --running;
  });
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(root.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_peak_does_not_fall_while_scopes_and_resets_of_the_parent_come_and_go) {
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  std::atomic<unsigned> running{1};
  std::atomic<unsigned> fell{0};
  run_together(4, [&](unsigned index) {
    if (index == 0) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(rounds(3'000'000)); ++i) {
        leaf.charge(1000 + i);
        leaf.uncharge(1000 + i);
      }
      --running;
      return;
    }
    std::size_t most = 0;
    while (running > 0) {
      if (index == 1) {
        root.reset_peak();
        const zpmr::usage_scope scope{root};
        if (scope.peak_bytes() < 0) ++fell;
      } else {
        const std::size_t peak = leaf.peak_bytes();
        if (peak < most) ++fell;
        most = std::max(most, peak);
      }
    }
  });
  BOOST_TEST(fell == 0u);
  BOOST_TEST(leaf.peak_bytes() == 1000u + static_cast<std::size_t>(rounds(3'000'000)) - 1);
}
