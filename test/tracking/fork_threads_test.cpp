// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE fork_threads
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>
#include <zpmr/default_allocator.hpp>
#include <zpmr/memory_reservation.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/overdraft_scope.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/usage_scope.hpp>

#include "support/child_process.hpp"
#include "support/forks.hpp"

// Forks while other threads are in the middle of something.

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::busy_threads;
using zpmr::test::holds_in_child;
using zpmr::test::works_from_another_thread;

constexpr std::size_t block_bytes = 64;

/// Whether `figure` is `expected` but for at most `slack`.
bool about(std::uint64_t figure, std::uint64_t expected, std::uint64_t slack) {
  return figure <= expected + slack && figure + slack >= expected;
}

}  // namespace

BOOST_AUTO_TEST_CASE(figures_in_the_child_are_right_but_for_one_operation_of_each_busy_thread) {
  constexpr unsigned threads = 3;
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  std::array<std::atomic<std::uint64_t>, threads> charged{};
  {
    const busy_threads charging{threads, [&](unsigned index) {
                                  leaf.charge_block(block_bytes, 40);
                                  ++charged[index];
                                }};
    for (int i = 0; i < 20; ++i) {
      BOOST_TEST(holds_in_child([&] {
        std::uint64_t count = 0;
        for (const auto& each : charged) count += each;
        bool good = true;
        for (const memory_tracker* each : {&leaf, &root}) {
          const memory_usage usage = each->snapshot();
          good = good && about(usage.allocations, count, threads) &&
                 about(usage.bytes_in_use, count * block_bytes, threads * block_bytes) &&
                 about(usage.requested_bytes_in_use, count * 40, threads * 40) &&
                 about(usage.total_bytes, count * block_bytes, threads * block_bytes) &&
                 usage.deallocations == 0 && usage.peak_bytes >= usage.bytes_in_use;
        }
        // Whatever the others were at, the tree itself is whole: exact from here on.
        const std::size_t before = leaf.bytes_in_use();
        good = good && root.bytes_in_use() == before;
        leaf.charge(10);
        good = good && leaf.bytes_in_use() == before + 10 && root.bytes_in_use() == before + 10;
        leaf.uncharge(10);
        return good && (i % 5 != 0 || works_from_another_thread(leaf));
      }));
    }
  }
  leaf.uncharge(leaf.bytes_in_use());
  BOOST_TEST(root.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(the_cap_holds_in_the_child) {
  constexpr std::size_t limit = 100 * block_bytes;
  hard_limit cap{limit};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  const busy_threads charging{3, [&](unsigned) {
                                try {
                                  leaf.charge(20 * block_bytes);
                                  leaf.uncharge(20 * block_bytes);
                                } catch (const limit_exceeded&) {
                                }
                                if (leaf.try_charge(block_bytes)) leaf.uncharge(block_bytes);
                              }};
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST(holds_in_child([&] {
      const std::size_t held = leaf.bytes_in_use();
      std::size_t got = 0;
      while (leaf.try_charge(1)) ++got;
      return held <= 60 * block_bytes && held + got == limit && root.bytes_in_use() == limit &&
             root.peak_bytes() <= limit;
    }));
  }
}

BOOST_AUTO_TEST_CASE(a_fork_does_not_hang_on_threads_that_make_and_visit_trackers) {
  memory_tracker root{"root"};
  const busy_threads busy{
      3, [&](unsigned index) {
        if (index == 0) {
          memory_tracker child{"passing", root};
          const memory_tracker other{"passing root"};
          const zpmr::usage_scope scope{child};
          child.charge(1);
          child.uncharge(1);
        } else if (index == 1) {
          zpmr::for_each_tracker([](const memory_tracker& each) {
            each.for_each_child([](const memory_tracker& child) { (void)child.snapshot(); });
          });
        } else {
          const zpmr::overdraft_scope scope;
          const zpmr::memory_reservation reservation{root, 5};
        }
      }};
  for (int i = 0; i < 30; ++i) {
    BOOST_TEST(holds_in_child([&] {
      unsigned visited = 0;
      memory_tracker child{"made in the child process", root};
      child.charge(10);
      child.uncharge(10);
      zpmr::for_each_tracker([&](const memory_tracker& each) {
        if (&each != &root) return;
        each.for_each_child([&](const memory_tracker&) { ++visited; });
      });
      return visited >= 1 && visited <= 2 && works_from_another_thread(root);
    }));
  }
}

BOOST_AUTO_TEST_CASE(a_fork_waits_for_who_takes_leases_back) {
  // With so many of them that the lock of the tree is held most of the time.
  constexpr std::size_t limit = 1'000'000;
  hard_limit cap{limit};
  memory_tracker root{"root", &cap};
  std::deque<memory_tracker> leaves;
  for (int i = 0; i < 300; ++i) leaves.emplace_back("leaf", root);
  std::atomic<unsigned> rounds{0};
  const busy_threads taking_back{1, [&](unsigned) {
                                   // Many times, or it is found where it yields.
                                   for (int i = 0; i < 100; ++i) {
                                     for (memory_tracker& each : leaves) each.charge(1);
                                     (void)root.try_charge(limit + 1);
                                     for (memory_tracker& each : leaves) each.uncharge(1);
                                     ++rounds;
                                   }
                                 }};
  for (int i = 0; i < 50; ++i) {
    // Woken up, this thread finds the other wherever it is.
    for (const unsigned before = rounds; rounds == before;) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    BOOST_TEST(holds_in_child([&] {
      // All that fits can be had.
      const std::size_t used = root.bytes_in_use();
      std::size_t below = 0;
      for (const memory_tracker& each : leaves) below += each.bytes_in_use();
      return used <= leaves.size() && below == used && root.try_charge(limit - used) &&
             !root.try_charge(1);
    }));
  }
}

BOOST_AUTO_TEST_CASE(scopes_on_the_stacks_of_other_threads_do_no_harm_in_the_child) {
  memory_tracker tracker{"watched"};
  tracker.charge(100);
  const busy_threads scoping{3, [&](unsigned) { const zpmr::usage_scope scope{tracker}; }};
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST(holds_in_child([&] {
      // A new thread of the child gets a stack on which such a scope was.
      const bool good = i % 5 != 0 || works_from_another_thread(tracker);
      tracker.charge(1000);
      return good && tracker.peak_bytes() == 1100;
    }));
  }
  tracker.uncharge(100);
}

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
      good = good && holds_in_child([&] { return root.try_charge(1); });
    }
    ::alarm(0);
    done = true;
    BOOST_TEST(good);
  }
}
