// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_threads
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
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
using zpmr::memory_usage;
using zpmr::test::probe_resource;
using zpmr::test::run_together;

constexpr std::size_t block_bytes = 64;
constexpr std::array<unsigned, 3> crowds{2, 8, 32};

using counting_probe = zpmr::counting_resource<probe_resource>;
using blocks = std::vector<void*>;

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

// ---- Reads.

BOOST_AUTO_TEST_CASE(reads_while_threads_run_are_never_absurd) {
  constexpr std::size_t limit = 40 * block_bytes;
  hard_limit cap{limit};
  memory_tracker root{"root", &cap};
  memory_tracker one{"one", root};
  memory_tracker other{"other", root};
  std::atomic<unsigned> running{6};
  std::atomic<unsigned> absurd{0};
  const auto check = [&](const memory_tracker& tracker) {
    const std::size_t used = tracker.bytes_in_use();
    const std::size_t peak = tracker.peak_bytes();
    const memory_usage usage = tracker.snapshot();
    const bool sane = used <= limit && peak <= limit && peak >= used &&
                      usage.bytes_in_use <= limit && usage.peak_bytes >= usage.bytes_in_use &&
                      usage.peak_bytes >= peak && usage.requested_bytes_in_use <= limit &&
                      tracker.remaining() <= limit && usage.blocks_in_use() <= usage.allocations;
    if (!sane) ++absurd;
  };
  run_together(8, [&](unsigned index) {
    if (index >= 6) {
      while (running > 0) {
        for (const memory_tracker* each : {&root, &one, &other}) check(*each);
      }
      return;
    }
    memory_tracker& mine = index % 2 == 0 ? one : other;
    for (int i = 0; i < 3000; ++i) {
      try {
        mine.charge_block(10 * block_bytes, 9 * block_bytes);
        mine.uncharge_block(10 * block_bytes, 9 * block_bytes);
      } catch (const limit_exceeded&) {
      }
      if (mine.try_charge(block_bytes)) mine.uncharge(block_bytes);
    }
    --running;
  });
  BOOST_TEST(absurd == 0u);
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.snapshot().allocations == root.snapshot().deallocations);
}

BOOST_AUTO_TEST_CASE(the_peak_is_no_less_than_what_any_thread_has_read) {
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  std::atomic<unsigned> running{4};
  std::array<std::size_t, 2> most_read{};
  run_together(6, [&](unsigned index) {
    if (index >= 4) {
      std::size_t& most = most_read[index - 4];
      while (running > 0) most = std::max(most, root.bytes_in_use());
      return;
    }
    for (std::size_t i = 0; i < 5000; ++i) {
      const std::size_t bytes = 1 + (i * 7919 + index) % 1000;
      leaf.charge(bytes);
      leaf.uncharge(bytes);
    }
    --running;
  });
  for (const std::size_t most : most_read) BOOST_TEST(root.peak_bytes() >= most);
  BOOST_TEST(root.peak_bytes() <= 4u * (3 << 20));  // the bound that docs/engine.md gives for reads
}

BOOST_AUTO_TEST_CASE(the_peak_keeps_up_with_usage_that_rises_and_rises) {
  // Nothing is freed, so the peak is what is in use, and any read that is late shows.
  memory_tracker tracker{"rising"};
  constexpr std::size_t charges = 300'000;
  std::atomic<unsigned> running{1};
  std::atomic<unsigned> wrong{0};
  run_together(3, [&](unsigned index) {
    if (index == 0) {
      for (std::size_t i = 0; i < charges; ++i) tracker.charge(1);
      --running;
      return;
    }
    while (running > 0) {
      const memory_usage usage = tracker.snapshot();
      if (usage.peak_bytes < usage.bytes_in_use) ++wrong;
      const std::size_t used = tracker.bytes_in_use();
      if (tracker.peak_bytes() < used) ++wrong;
    }
  });
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(tracker.peak_bytes() == charges);
  tracker.uncharge(charges);
}

BOOST_AUTO_TEST_CASE(a_snapshot_beside_a_reset_shows_no_peak_below_what_is_in_use) {
  memory_tracker tracker{"reset"};
  std::atomic<unsigned> running{1};
  std::atomic<unsigned> wrong{0};
  run_together(3, [&](unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 200'000; ++i) {
        tracker.charge(block_bytes);
        if (tracker.peak_bytes() < block_bytes) ++wrong;
        tracker.uncharge(block_bytes);
        tracker.reset_peak();
      }
      --running;
      return;
    }
    while (running > 0) {
      const memory_usage usage = tracker.snapshot();
      if (usage.peak_bytes < usage.bytes_in_use) ++wrong;
    }
  });
  BOOST_TEST(wrong == 0u);
  // A read that was under way at the last reset has still to raise the peak to what it returns.
  BOOST_TEST(tracker.peak_bytes() <= block_bytes);
}

// ---- Threads.

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
