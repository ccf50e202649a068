// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_threads
#include <array>
#include <atomic>
#include <barrier>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <deque>
#include <random>
#include <thread>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/pending_block.hpp>
#include <zpmr/policies.hpp>

#include "support/threads.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::run_together;

constexpr std::size_t block_bytes = 64;

}  // namespace

BOOST_AUTO_TEST_CASE(threads_come_and_go_by_the_thousand_and_figures_stay_exact) {
  constexpr std::size_t threads = 4000;
  constexpr std::size_t spare = 8 * 7;
  hard_limit cap{threads * block_bytes + spare};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  for (std::size_t made = 0; made < threads; made += 8) {
    run_together(8, [&](unsigned) {
      leaf.charge_block(block_bytes, 40);
      leaf.charge(7);
      leaf.uncharge(7);
    });
  }
  BOOST_TEST(leaf.bytes_in_use() == threads * block_bytes);
  BOOST_TEST(root.snapshot().requested_bytes_in_use == threads * 40);
  BOOST_TEST(root.snapshot().total_bytes == threads * (block_bytes + 7));
  BOOST_TEST(root.snapshot().allocations == threads);
  BOOST_TEST(root.snapshot().denied == 0u);
  BOOST_TEST(leaf.remaining() == spare);
  BOOST_TEST(!leaf.try_charge(spare + 1));  // not one byte has drifted
  for (std::size_t i = 0; i < threads; ++i) leaf.uncharge_block(block_bytes, 40);
  BOOST_TEST(root.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_thread_gets_the_slots_of_one_that_has_ended) {
  memory_tracker tracker{"of one after the other"};
  tracker.charge(1);
  tracker.uncharge(1);
  if (zpmr::detail::this_thread.index == zpmr::detail::no_index) return;  // there are no slots
  unsigned without = 0;
  for (unsigned i = 0; i < 2 * zpmr::detail::max_indexes; ++i) {
    std::thread([&] {
      tracker.charge(1);
      if (zpmr::detail::this_thread.index == zpmr::detail::no_index) ++without;
      tracker.uncharge(1);
    }).join();
  }
  BOOST_TEST(without == 0u);
}

BOOST_AUTO_TEST_CASE(threads_for_which_there_are_no_slots_left_count_as_all_others) {
  constexpr unsigned threads = zpmr::detail::max_indexes + 20;
  hard_limit cap{threads * 64};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  std::barrier together{static_cast<std::ptrdiff_t>(threads)};
  std::atomic<unsigned> without{0};
  std::atomic<unsigned> wrong{0};
  run_together(threads, [&](unsigned thread) {
    leaf.charge_block(64, 40);
    if (zpmr::detail::this_thread.index == zpmr::detail::no_index) ++without;
    together.arrive_and_wait();  // so that all of them are alive
    if (leaf.try_charge(1)) ++wrong;
    if (thread == 0 && root.bytes_in_use() != threads * 64) ++wrong;
    together.arrive_and_wait();
    leaf.uncharge_block(64, 40);
    { const zpmr::pending_block never_kept{leaf, 64, 40}; }
  });
  BOOST_TEST(without >= 20u);
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.peak_bytes() == threads * 64);
  BOOST_TEST(root.snapshot().requested_bytes_in_use == 0u);
  BOOST_TEST(root.snapshot().allocations == threads);
  BOOST_TEST(root.snapshot().deallocations == threads);
  BOOST_TEST(root.snapshot().denied == threads);
}

BOOST_AUTO_TEST_CASE(figures_are_exact_once_threads_are_at_rest) {
  memory_tracker root{"root"};
  std::deque<memory_tracker> leaves;
  for (int i = 0; i < 3; ++i) leaves.emplace_back("leaf", root);
  struct counts {
    std::atomic<std::uint64_t> in_use, total, allocations, deallocations;
  };
  std::array<counts, 3> figures{};
  run_together(8, [&](unsigned seed) {
    std::minstd_rand random{seed + 1};
    for (int i = 0; i < 3000; ++i) {
      const std::size_t index = random() % leaves.size();
      const std::size_t bytes = random() % 5000;
      leaves[index].charge_block(bytes, bytes / 2);
      figures[index].total += bytes;
      ++figures[index].allocations;
      if (random() % 4 == 0) {
        figures[index].in_use += bytes;
      } else {
        leaves[index].uncharge_block(bytes, bytes / 2);
        ++figures[index].deallocations;
      }
    }
  });
  memory_usage sum;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const memory_usage usage = leaves[i].snapshot();
    BOOST_TEST(usage.bytes_in_use == figures[i].in_use);
    BOOST_TEST(usage.total_bytes == figures[i].total);
    BOOST_TEST(usage.allocations == figures[i].allocations);
    BOOST_TEST(usage.deallocations == figures[i].deallocations);
    sum.bytes_in_use += usage.bytes_in_use;
    sum.requested_bytes_in_use += usage.requested_bytes_in_use;
    sum.total_bytes += usage.total_bytes;
    sum.allocations += usage.allocations;
    sum.deallocations += usage.deallocations;
  }
  sum.peak_bytes = root.peak_bytes();
  BOOST_TEST(root.snapshot() == sum);
  for (memory_tracker& leaf : leaves) leaf.uncharge(leaf.bytes_in_use());
}

BOOST_AUTO_TEST_CASE(overdrafts_of_one_thread_grant_nothing_to_others) {
  hard_limit cap{10 * block_bytes};
  memory_tracker tracker{"mixed", &cap};
  std::atomic<std::uint64_t> granted{0};
  std::atomic<std::uint64_t> refused{0};
  tracker.charge(10 * block_bytes);  // full, so whoever is granted anything is overdrawn
  run_together(8, [&](unsigned index) {
    if (index % 2 == 0) {
      for (int i = 0; i < 2000; ++i) {
        const zpmr::overdraft_scope scope;
        tracker.charge(block_bytes);
        ++granted;
        tracker.uncharge(block_bytes);
      }
    } else {
      for (int i = 0; i < 2000; ++i) {
        if (!tracker.try_charge(block_bytes)) ++refused;
      }
    }
  });
  BOOST_TEST(refused == 8000u);
  BOOST_TEST(tracker.snapshot().overdrafts == granted);
  BOOST_TEST(tracker.snapshot().denied == refused);
  BOOST_TEST(tracker.bytes_in_use() == 10 * block_bytes);
  tracker.uncharge(10 * block_bytes);
}
