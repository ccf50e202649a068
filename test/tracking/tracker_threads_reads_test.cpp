// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_threads_reads
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/threads.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::run_together;

constexpr std::size_t block_bytes = 64;

}  // namespace

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
