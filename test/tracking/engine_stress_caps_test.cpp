// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE engine_stress_caps
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <deque>
#include <random>
#include <thread>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/stress_rounds.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::memory_tracker;
using zpmr::test::crowds;
using zpmr::test::rounds;
using zpmr::test::run_together;

constexpr std::size_t block_bytes = 64;

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

}  // namespace

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
