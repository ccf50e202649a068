// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE engine_stress_crowds
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <deque>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/sanitizer.hpp"
#include "support/stress_rounds.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::memory_tracker;
using zpmr::test::optimised;
using zpmr::test::rounds;
using zpmr::test::run_together;

constexpr std::size_t block_bytes = 64;

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
