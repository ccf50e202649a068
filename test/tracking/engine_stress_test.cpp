// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE engine_stress
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/default_allocator.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/child_process.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"

// What the engine promises, under threads that do their worst. What threads hold is counted once
// more, by sequentially consistent counters that know nothing of zpmr.

namespace {

using zpmr::hard_limit;
using zpmr::memory_tracker;
using zpmr::test::run_together;

constexpr std::size_t block_bytes = 64;
constexpr std::array<unsigned, 3> crowds{2, 8, 32};

#ifdef NDEBUG
constexpr bool optimised = true;
#else
constexpr bool optimised = false;
#endif

/// Returns: `full` rounds, or as many as a slower build has time for.
constexpr int rounds(int full) {
  if (zpmr::test::thread_sanitizer) return std::max(full / 100, 2);
  return optimised ? full : std::max(full / 20, 5);
}

/// One thread's use of a tracker, counted beneath it: after a charge, and before it is taken off.
class counted {
 public:
  counted(memory_tracker& tracker, std::vector<std::atomic<std::size_t>*> exact, std::size_t most)
      : tracker_(tracker), exact_(std::move(exact)), most_(most) {}

  bool take(std::size_t bytes) {
    if (!tracker_.try_charge(bytes)) return false;
    for (std::atomic<std::size_t>* each : exact_) {
      if (each->fetch_add(bytes) + bytes > most_) passed_ = true;
    }
    return true;
  }
  void give(std::size_t bytes) {
    for (std::atomic<std::size_t>* each : exact_) each->fetch_sub(bytes);
    tracker_.uncharge(bytes);
  }
  /// Whether there was ever more than `most`.
  bool passed() const { return passed_; }

 private:
  memory_tracker& tracker_;
  std::vector<std::atomic<std::size_t>*> exact_;
  std::size_t most_;
  bool passed_ = false;
};

/// Threads that all start each round together.
template <class F>
void run_rounds(unsigned threads, int count, F round) {
  std::atomic<unsigned> arrived{0};
  run_together(threads, [&](unsigned index) {
    for (int i = 0; i < count; ++i) {
      ++arrived;
      while (arrived < threads * static_cast<unsigned>(i + 1)) std::this_thread::yield();
      round(index, i);
    }
  });
}

/// Returns: a figure of /proc/self/status, in bytes.
std::size_t process_bytes(const std::string& field) {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  std::size_t kibibytes = 0;
  while (status >> word) {
    if (word == field + ':') status >> kibibytes;
  }
  return kibibytes * 1024;
}

}  // namespace

// ---- Exact caps.

BOOST_AUTO_TEST_CASE(exactly_what_fits_is_live_when_all_threads_are_refused) {
  for (const unsigned threads : crowds) {
    constexpr std::size_t fitting = 500;
    hard_limit cap{fitting * block_bytes + 63};
    memory_tracker tracker{"capped", &cap};
    std::atomic<std::size_t> exact{0};
    std::atomic<std::size_t> live{0};
    std::atomic<unsigned> done{0};
    std::atomic<unsigned> wrong{0};
    std::atomic<bool> passed{false};
    run_rounds(threads, rounds(1000), [&](unsigned, int round) {
      counted mine{tracker, {&exact}, fitting * block_bytes};
      std::size_t taken = 0;
      while (mine.take(block_bytes)) ++taken;
      live += taken;
      ++done;
      const unsigned all = threads * static_cast<unsigned>(round + 1);
      while (done < all) std::this_thread::yield();
      if (live != fitting * static_cast<std::size_t>(round + 1)) ++wrong;
      for (; taken > 0; --taken) mine.give(block_bytes);
      if (mine.passed()) passed = true;
    });
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(!passed);
    BOOST_TEST(tracker.bytes_in_use() == 0u);
    BOOST_TEST(tracker.peak_bytes() == fitting * block_bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_cap_holds_to_the_byte_at_every_level_of_a_tree_with_a_hundred_leaves) {
  for (const unsigned threads : crowds) {
    constexpr std::size_t fitting = 2000;
    constexpr std::size_t branch_fitting = 700;
    hard_limit cap{fitting * block_bytes};
    hard_limit branch_cap{branch_fitting * block_bytes};
    memory_tracker root{"root", &cap};
    std::deque<memory_tracker> branches;
    std::deque<memory_tracker> leaves;
    for (int i = 0; i < 4; ++i) branches.emplace_back("branch", root, &branch_cap);
    for (std::size_t i = 0; i < 100; ++i) leaves.emplace_back("leaf", branches[i % 4]);
    std::array<std::atomic<std::size_t>, 4> in_branch{};
    std::atomic<std::size_t> in_root{0};
    std::atomic<bool> passed{false};
    for (int round = 0; round < rounds(200); ++round) {
      std::atomic<std::size_t> live{0};
      std::vector<std::array<std::size_t, 100>> taken(threads);
      run_together(threads, [&](unsigned index) {
        std::minstd_rand random{index + 1};
        taken[index].fill(0);
        // Until every leaf has refused.
        for (std::size_t start = random() % 100, refused = 0; refused < 100; ++start) {
          const std::size_t leaf = start % 100;
          counted branch{leaves[leaf], {&in_branch[leaf % 4]}, branch_fitting * block_bytes};
          if (!branch.take(block_bytes)) {
            ++refused;
            continue;
          }
          refused = 0;
          ++taken[index][leaf];
          ++live;
          if ((in_root += block_bytes) > fitting * block_bytes || branch.passed()) passed = true;
        }
      });
      BOOST_TEST(live == fitting);
      BOOST_TEST(root.bytes_in_use() == fitting * block_bytes);
      run_together(threads, [&](unsigned index) {  // each frees what another has charged
        const auto& others = taken[(index + 1) % threads];
        for (std::size_t leaf = 0; leaf < 100; ++leaf) {
          for (std::size_t i = 0; i < others[leaf]; ++i) {
            in_root -= block_bytes;
            counted{leaves[leaf], {&in_branch[leaf % 4]}, 0}.give(block_bytes);
          }
        }
      });
      BOOST_TEST(root.bytes_in_use() == 0u);
    }
    BOOST_TEST(!passed);
    BOOST_TEST(root.peak_bytes() == fitting * block_bytes);
    for (const memory_tracker& each : branches) {
      BOOST_TEST(each.peak_bytes() <= branch_fitting * block_bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_charge_is_refused_that_fitted_all_along) {
  // Whatever mixture of sizes the others hold, each thread has room for what it asks: their most,
  // and its own, is the limit. One more asks all the time for what never fits.
  constexpr unsigned threads = 8;
  constexpr std::size_t share = 10'000;
  for (const bool one_leaf : {true, false}) {
    hard_limit cap{threads * share};
    memory_tracker root{"root", &cap};
    std::deque<memory_tracker> leaves;
    for (unsigned i = 0; i < threads; ++i) leaves.emplace_back("leaf", root);
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> absurd{0};
    std::atomic<unsigned> running{threads};
    run_together(threads + 1, [&](unsigned index) {
      if (index == threads) {
        while (running > 0) {
          if (root.try_charge(threads * share + 1) || root.try_charge(PTRDIFF_MAX)) ++absurd;
          std::this_thread::yield();
        }
        return;
      }
      memory_tracker& mine = leaves[one_leaf ? 0 : index];
      std::minstd_rand random{index + 1};
      std::vector<std::size_t> held;
      std::size_t sum = 0;
      for (int i = 0; i < rounds(2'000'000); ++i) {
        const std::size_t bytes = random() % 4 == 0 ? random() % share : random() % 100;
        if (sum + bytes <= share) {
          if (mine.try_charge(bytes)) {
            held.push_back(bytes);
            sum += bytes;
          } else {
            ++refused;
          }
        } else if (!held.empty()) {
          const std::size_t at = random() % held.size();
          std::swap(held[at], held.back());
          sum -= held.back();
          mine.uncharge(held.back());
          held.pop_back();
        }
        // A big one takes leases back from all.
        if (i % 64 == 0 && mine.try_charge(PTRDIFF_MAX)) ++absurd;
      }
      mine.uncharge(sum);
      --running;
    });
    BOOST_TEST(refused == 0u);
    BOOST_TEST(absurd == 0u);
    BOOST_TEST(root.bytes_in_use() == 0u);
    BOOST_TEST(root.peak_bytes() <= threads * share);
  }
}

BOOST_AUTO_TEST_CASE(limits_hold_while_they_change) {
  constexpr std::size_t low = 30'000;
  constexpr std::size_t high = 200'000;
  hard_limit cap{high};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  memory_tracker other{"other", root};
  std::atomic<std::size_t> exact{0};
  std::atomic<unsigned> running{6};
  std::atomic<unsigned> wrong{0};
  run_together(7, [&](unsigned index) {
    if (index == 6) {
      bool lowered_by_force = false;
      while (running > 0) {
        if (root.try_set_limit(low)) {
          for (int i = 0; i < 20; ++i) {
            if (exact > low || root.bytes_in_use() > low) ++wrong;
          }
        } else if (lowered_by_force = !lowered_by_force; lowered_by_force) {
          root.set_limit(low);  // a debt: from here on usage only falls, until it fits
          std::size_t before = exact + 6 * 2 * 1000;  // of operations that are between the two
          for (int i = 0; i < 20 && before > low; ++i) {
            const std::size_t now = exact;
            if (now > std::max(before, low)) ++wrong;
          }
        }
        root.set_limit(high);
        std::this_thread::yield();
      }
      return;
    }
    counted mine{index % 2 == 0 ? leaf : other, {&exact}, high};
    std::minstd_rand random{index + 1};
    std::vector<std::size_t> held;
    for (int i = 0; i < rounds(2'000'000); ++i) {
      const std::size_t bytes = random() % 1000;
      if (random() % 2 == 0 && mine.take(bytes)) held.push_back(bytes);
      if (random() % 2 == 0 && !held.empty()) {
        mine.give(held.back());
        held.pop_back();
      }
    }
    for (const std::size_t bytes : held) mine.give(bytes);
    if (mine.passed()) ++wrong;
    --running;
  });
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(root.bytes_in_use() == 0u);
}

// ---- Reads.

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

// ---- Threads and trackers by the thousand.

BOOST_AUTO_TEST_CASE(more_threads_than_indexes_share_a_cap) {
  constexpr unsigned threads = zpmr::test::thread_sanitizer ? 270 : 300;
  hard_limit cap{threads * block_bytes * 2};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  std::atomic<std::size_t> live{0};
  run_together(threads, [&](unsigned) {
    while (leaf.try_charge(block_bytes)) ++live;
  });
  BOOST_TEST(live == threads * 2);
  BOOST_TEST(root.bytes_in_use() == threads * block_bytes * 2);
  // Each frees a share, on threads that may have a slot or not.
  run_together(threads, [&](unsigned) {
    for (int i = 0; i < 2; ++i) leaf.uncharge(block_bytes);
  });
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(leaf.try_charge(threads * block_bytes * 2));
  leaf.uncharge(threads * block_bytes * 2);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_threads_come_and_go_and_nothing_grows) {
  constexpr int first = 200;
  const int more = zpmr::test::thread_sanitizer ? 1000 : optimised ? 100'000 : 20'000;
  hard_limit cap{10'000};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  const auto come_and_go = [&](int count) {
    for (int i = 0; i < count; i += 4) {
      std::array<std::jthread, 4> threads;
      for (std::jthread& each : threads) {
        each = std::jthread{[&] {
          for (int j = 0; j < 5; ++j) {
            leaf.charge_block(100, 90);
            leaf.uncharge_block(100, 90);
          }
        }};
      }
    }
  };
  come_and_go(first);
  const std::size_t before = process_bytes("VmData");
  come_and_go(more);
  const std::size_t after = process_bytes("VmData");
  if (!zpmr::test::malloc_is_replaced) BOOST_TEST(after <= before + (std::size_t{1} << 20));
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.snapshot().allocations == static_cast<std::uint64_t>(first + more) * 5);
  BOOST_TEST(leaf.try_charge(10'000));
  leaf.uncharge(10'000);
}

BOOST_AUTO_TEST_CASE(trackers_go_while_threads_that_used_them_live_on) {
  // Trackers are made again at the same addresses: what a thread remembered of the old one would
  // show.
  constexpr unsigned threads = 6;
  hard_limit cap{100'000};
  memory_tracker root{"root", &cap};
  std::optional<memory_tracker> passing;
  std::atomic<unsigned> wrong{0};
  const int count = rounds(5000);
  std::atomic<unsigned> arrived{0};
  const auto meet = [&](unsigned times) {
    ++arrived;
    while (arrived < threads * times) std::this_thread::yield();
  };
  run_together(threads, [&](unsigned index) {
    unsigned times = 0;
    for (int i = 0; i < count; ++i) {
      if (index == 0) passing.emplace("passing", root);
      meet(++times);
      for (std::size_t j = 0; j < 20; ++j) {
        passing->charge(j * 10);
        root.charge(3);
        passing->uncharge(j * 10);
        root.uncharge(3);
      }
      meet(++times);
      if (index == 0) {
        if (passing->bytes_in_use() != 0 || passing->snapshot().total_bytes != threads * 1900) {
          ++wrong;
        }
        passing.reset();
        if (root.bytes_in_use() != 0) ++wrong;
      }
      meet(++times);
    }
  });
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(root.snapshot().total_bytes ==
             static_cast<std::size_t>(count) * threads * (1900 + 20 * 3));
  BOOST_TEST(root.try_charge(100'000));
  root.uncharge(100'000);
}

BOOST_AUTO_TEST_CASE(ten_thousand_trackers_of_several_threads_stay_small) {
  BOOST_TEST(sizeof(memory_tracker) <= 384u);
  constexpr unsigned threads = 8;
  constexpr std::size_t count = 10'000;
  // The tracker, a table of 32 chunks, and a chunk or two of eight slots and their ledgers. As low
  // indexes are given out first, eight threads' slots lie in two chunks at most.
  constexpr std::size_t each_at_most = 384 + 32 * 8 + 2 * 8 * (64 + 24) + 100;
  run_together(threads, [](unsigned) {});  // the stacks are there, and stay
  const std::size_t before = process_bytes("VmData");
  std::deque<memory_tracker> trackers;
  for (std::size_t i = 0; i < count; ++i) trackers.emplace_back("one of many");
  run_together(threads, [&](unsigned) {
    for (memory_tracker& each : trackers) {
      each.charge(100);
      each.uncharge(100);
    }
  });
  const std::size_t grown = process_bytes("VmData") - before;
  // Besides, what malloc and the slabs have in reserve.
  if (!zpmr::test::malloc_is_replaced) {
    BOOST_TEST(grown <= count * each_at_most + (std::size_t{4} << 20));
  }
  for (const memory_tracker& each : trackers) {
    if (each.bytes_in_use() != 0) BOOST_ERROR("bytes are left");
  }
}

// ---- Forks.

BOOST_AUTO_TEST_CASE(a_fork_does_not_wait_for_visitors_that_allocate) {
  // The allocators' own handlers may hold their locks while zpmr's waits for whoever visits.
  memory_tracker root{"root"};
  for (zpmr::allocator_resource* const allocator : zpmr::allocators()) {
    std::atomic<bool> done{false};
    std::vector<std::jthread> visitors;
    for (int i = 0; i < 3; ++i) {
      visitors.emplace_back([&] {
        while (!done) {
          zpmr::for_each_tracker([&](const memory_tracker&) {
            allocator->deallocate(allocator->allocate(40'000), 40'000);
          });
        }
      });
    }
    ::alarm(600);  // rather than hang
    bool good = true;
    for (int i = 0; i < 100; ++i) {
      good = good && zpmr::test::holds_in_child([&] { return root.try_charge(1); });
    }
    ::alarm(0);
    done = true;
    BOOST_TEST(good);
  }
}

// ---- Drains.

BOOST_AUTO_TEST_CASE(drains_under_churn_take_no_byte_and_lose_none) {
  constexpr unsigned threads = 6;
  hard_limit cap{std::size_t{64} << 20};
  memory_tracker root{"root", &cap};
  std::deque<memory_tracker> leaves;
  for (int i = 0; i < 3; ++i) leaves.emplace_back("leaf", root);
  std::array<std::atomic<std::uint64_t>, 3> allocations{};
  std::atomic<unsigned> running{threads};
  std::atomic<unsigned> wrong{0};
  run_together(threads + 2, [&](unsigned index) {
    if (index >= threads) {
      while (running > 0) {
        if (root.try_set_limit(0)) root.set_limit(cap.limit());  // may be right, once in a while
        if (leaves[index % 3].try_charge(cap.limit() + 1)) ++wrong;
        root.reset_peak();
      }
      return;
    }
    std::minstd_rand random{index + 1};
    for (int i = 0; i < rounds(2'000'000); ++i) {
      const std::size_t leaf = random() % 3;
      const std::size_t bytes = random() % 2000;
      try {
        leaves[leaf].charge_block(bytes, bytes / 2);
        ++allocations[leaf];
        leaves[leaf].uncharge_block(bytes, bytes / 2);
      } catch (const zpmr::limit_exceeded&) {
        // at the moment when the limit was 0
      }
    }
    --running;
  });
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.snapshot().requested_bytes_in_use == 0u);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(leaves[i].snapshot().allocations == allocations[i]);
    BOOST_TEST(leaves[i].snapshot().deallocations == allocations[i]);
  }
  BOOST_TEST(root.try_set_limit(0));
}
