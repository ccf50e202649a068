// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_threads_caps
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <deque>
#include <random>
#include <thread>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::test::crowds;
using zpmr::test::probe_resource;
using zpmr::test::run_together;
using counting_probe = zpmr::counting_resource<probe_resource>;
using blocks = std::vector<void*>;

constexpr std::size_t block_bytes = 64;

/// Takes blocks from `memory` until it is refused.
void fill(counting_probe& memory, blocks& taken) {
  try {
    for (;;) taken.push_back(memory.allocate(block_bytes));
  } catch (const limit_exceeded&) {
  }
}

void give_back(counting_probe& memory, blocks& taken) {
  for (void* const block : taken) memory.deallocate(block, block_bytes);
  taken.clear();
}

std::size_t sum_of_sizes(const std::vector<blocks>& taken) {
  std::size_t sum = 0;
  for (const blocks& each : taken) sum += each.size();
  return sum;
}

}  // namespace

// ---- Caps.

BOOST_AUTO_TEST_CASE(threads_that_fill_a_cap_get_exactly_what_fits) {
  for (const unsigned threads : crowds) {
    for (const std::size_t spare : {0, 1, 63}) {  // a rest that no block fits in
      constexpr std::size_t fitting = 200;
      hard_limit cap{fitting * block_bytes + spare};
      probe_resource upstream;
      counting_probe memory{&upstream, "capped", &cap};
      std::vector<blocks> taken(threads);
      for (int round = 0; round < 5; ++round) {
        run_together(threads, [&](unsigned index) { fill(memory, taken[index]); });
        BOOST_TEST(sum_of_sizes(taken) == fitting);
        BOOST_TEST(memory.bytes_in_use() == fitting * block_bytes);
        // Each frees what another thread has allocated.
        run_together(threads,
                     [&](unsigned index) { give_back(memory, taken[(index + 1) % threads]); });
        BOOST_TEST(memory.bytes_in_use() == 0u);
      }
      BOOST_TEST(upstream.most_bytes() == fitting * block_bytes);
      BOOST_TEST(memory.peak_bytes() == fitting * block_bytes);
      BOOST_TEST(memory.snapshot().allocations == fitting * 5);
      BOOST_TEST(memory.snapshot().denied == threads * 5u);
    }
  }
}

BOOST_AUTO_TEST_CASE(children_that_race_for_their_parents_room_get_exactly_what_fits) {
  for (const unsigned threads : crowds) {
    constexpr std::size_t fitting = 200;
    hard_limit cap{fitting * block_bytes};
    hard_limit small_cap{50 * block_bytes};
    memory_tracker root{"root", &cap};
    memory_tracker branch{"branch", root};
    memory_tracker unbounded{"unbounded", branch};
    memory_tracker bounded{"bounded", branch, &small_cap};
    probe_resource upstream;
    counting_probe wide{&upstream, unbounded};
    counting_probe narrow{&upstream, bounded};
    for (int round = 0; round < 5; ++round) {
      std::vector<blocks> taken(threads);
      run_together(threads,
                   [&](unsigned index) { fill(index % 2 == 0 ? wide : narrow, taken[index]); });
      BOOST_TEST(sum_of_sizes(taken) == fitting);
      BOOST_TEST(bounded.bytes_in_use() <= 50 * block_bytes);
      BOOST_TEST(root.bytes_in_use() == fitting * block_bytes);
      BOOST_TEST(root.bytes_in_use() == unbounded.bytes_in_use() + bounded.bytes_in_use());
      for (unsigned i = 0; i < threads; ++i) give_back(i % 2 == 0 ? wide : narrow, taken[i]);
    }
    BOOST_TEST(upstream.most_bytes() == fitting * block_bytes);
    BOOST_TEST(root.peak_bytes() == fitting * block_bytes);
    BOOST_TEST(root.bytes_in_use() == 0u);
    BOOST_TEST(bounded.peak_bytes() <= 50 * block_bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_charge_for_which_there_is_always_room_is_never_refused) {
  // As many threads as there is room for, each with one block at a time: whatever others hold
  // unused or are refused, there is room.
  for (const unsigned threads : crowds) {
    hard_limit cap{threads * block_bytes};
    memory_tracker root{"root", &cap};
    std::deque<memory_tracker> leaves;
    for (unsigned i = 0; i < threads; ++i) leaves.emplace_back("leaf", root);
    std::atomic<std::uint64_t> refused{0};
    std::atomic<unsigned> running{threads};
    run_together(threads + 1, [&](unsigned index) {
      if (index == threads) {  // asks all the time for what never fits
        while (running > 0) {
          if (root.try_charge(threads * block_bytes + 1)) ++refused;
        }
        return;
      }
      for (int i = 0; i < 16'000 / static_cast<int>(threads); ++i) {
        memory_tracker& leaf = leaves[(index + static_cast<unsigned>(i)) % threads];
        if (leaf.try_charge(block_bytes)) {
          leaf.uncharge(block_bytes);
        } else {
          ++refused;
        }
      }
      --running;
    });
    BOOST_TEST(refused == 0u);
    BOOST_TEST(root.bytes_in_use() == 0u);
    BOOST_TEST(root.peak_bytes() <= threads * block_bytes);
  }
}

BOOST_AUTO_TEST_CASE(room_that_one_thread_frees_is_there_for_another_at_once) {
  hard_limit cap{10 * block_bytes};
  memory_tracker tracker{"full", &cap};
  for (int i = 0; i < 200; ++i) {
    for (int j = 0; j < 10; ++j) tracker.charge(block_bytes);
    bool passed = false;
    std::jthread{[&] {
      tracker.uncharge(block_bytes);
      std::jthread{[&] { passed = tracker.try_charge(block_bytes); }}.join();
    }}.join();
    BOOST_REQUIRE(passed);
    tracker.uncharge(10 * block_bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_leaves_the_rest_for_smaller_charges) {
  hard_limit cap{1000};
  memory_tracker root{"root", &cap};
  memory_tracker big{"big", root};
  memory_tracker small{"small", root};
  std::atomic<unsigned> wrong{0};
  run_together(4, [&](unsigned index) {
    for (int i = 0; i < 3000; ++i) {
      if (index < 2) {
        if (big.try_charge(1001)) ++wrong;  // never fits, whatever moment it is
      } else if (small.try_charge(500)) {   // always fits for both
        small.uncharge(500);
      } else {
        ++wrong;
      }
    }
  });
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(big.peak_bytes() == 0u);
  BOOST_TEST(big.snapshot().denied == 6000u);
  BOOST_TEST(root.snapshot().denied == 6000u);
  BOOST_TEST(small.snapshot().denied == 0u);
}

// ---- Limits that change.

BOOST_AUTO_TEST_CASE(a_limit_that_was_accepted_holds_from_that_moment_on) {
  constexpr std::size_t low = 20 * block_bytes;
  constexpr std::size_t high = 100 * block_bytes;
  probe_resource upstream;
  hard_limit cap{high};
  counting_probe memory{&upstream, "changing", &cap};
  std::atomic<bool> done{false};
  unsigned passed = 0;
  std::jthread changing{[&] {
    while (!done) {
      if (memory.tracker().try_set_limit(low)) {
        for (int i = 0; i < 20; ++i) {
          if (upstream.bytes() > low || memory.bytes_in_use() > low) ++passed;
        }
        memory.tracker().set_limit(high);
      }
      std::this_thread::yield();
    }
  }};
  run_together(4, [&](unsigned seed) {
    std::minstd_rand random{seed + 1};
    blocks taken;
    for (int i = 0; i < 5000; ++i) {
      if (random() % 2 == 0 && !taken.empty()) {
        memory.deallocate(taken.back(), block_bytes);
        taken.pop_back();
      } else {
        try {
          taken.push_back(memory.allocate(block_bytes));
        } catch (const limit_exceeded&) {
          give_back(memory, taken);
        }
      }
    }
    give_back(memory, taken);
  });
  done = true;
  changing.join();
  BOOST_TEST(passed == 0u);
  BOOST_TEST(upstream.most_bytes() <= high);
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_limit_below_the_usage_lets_nothing_in_until_usage_has_fallen) {
  probe_resource upstream;
  counting_probe memory{&upstream, "falling"};
  memory_tracker& tracker = memory.tracker();
  for (int round = 0; round < 30; ++round) {
    tracker.set_limit(zpmr::no_limit);
    std::vector<blocks> taken(4);
    for (blocks& each : taken) {
      for (int i = 0; i < 50; ++i) each.push_back(memory.allocate(block_bytes));
    }
    tracker.set_limit(50 * block_bytes);
    std::atomic<unsigned> wrong{0};
    run_together(4, [&](unsigned index) {
      while (!taken[index].empty()) {
        if (tracker.try_charge(block_bytes)) {
          // It passed at some moment before this one, and since then blocks were only freed.
          if (upstream.bytes() > 49 * block_bytes) ++wrong;
          tracker.uncharge(block_bytes);
        }
        memory.deallocate(taken[index].back(), block_bytes);
        taken[index].pop_back();
      }
    });
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(memory.bytes_in_use() == 0u);
  }
}
