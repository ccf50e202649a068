// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_arena_threads

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/arena_blocks.hpp"
#include "support/child_process.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::test::allocated;
using zpmr::test::arena_resource;
using zpmr::test::block;
using zpmr::test::free_blocks;
using zpmr::test::make_block;
using zpmr::test::make_blocks;
using zpmr::test::usable_bytes;

}  // namespace

BOOST_AUTO_TEST_CASE(what_other_threads_hold_and_held_is_counted_exactly) {
  arena_resource memory;
  std::vector<std::vector<block>> blocks(6);
  zpmr::test::run_together(6, [&](unsigned i) {
    blocks[i] = make_blocks(memory, 3000, i);
    std::vector<block> gone = make_blocks(memory, 3000, i + 100);
    free_blocks(memory, gone);
  });
  std::size_t sum = 0;
  for (const auto& each : blocks) sum += usable_bytes(each);
  BOOST_TEST(allocated(memory) == sum);
  // Each frees what another one made.
  zpmr::test::run_together(6, [&](unsigned i) { free_blocks(memory, blocks[(i + 1) % 6]); });
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(a_thread_outlives_the_resources_that_it_used) {
  auto memory = std::make_unique<arena_resource>();
  std::atomic<unsigned> turn{0};
  std::thread user([&] {
    for (unsigned round = 0; round < 200; ++round) {
      turn.wait(2 * round);
      std::vector<block> blocks = make_blocks(*memory, 100, round);
      if (round % 2 == 0) free_blocks(*memory, blocks);
      ++turn;
      turn.notify_all();
    }
  });
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<block> blocks = make_blocks(*memory, 100, round);
    ++turn;
    turn.notify_all();
    turn.wait(2 * round + 1);
    memory = std::make_unique<arena_resource>();
    // Only now, as its next round may begin.
  }
  user.join();
  BOOST_TEST(allocated(*memory) == 0U);
}

BOOST_AUTO_TEST_CASE(figures_can_be_read_and_memory_given_back_while_threads_are_at_work) {
  arena_resource memory;
  std::atomic<bool> done{false};
  std::vector<std::vector<block>> kept(3);
  std::thread reader([&] {
    while (!done) {
      (void)memory.stats();
      memory.release_free_memory();
    }
  });
  zpmr::test::run_together(3, [&](unsigned i) {
    std::mt19937 random(i);
    for (int n = 0; n < 60000; ++n) {
      if (kept[i].size() < 300 || random() % 2 == 0) {
        kept[i].push_back(make_block(memory, random));
      } else {
        std::swap(kept[i][random() % kept[i].size()], kept[i].back());
        const block last = kept[i].back();
        kept[i].pop_back();
        memory.deallocate(last.place, last.bytes, last.alignment);
      }
    }
  });
  done = true;
  reader.join();
  std::size_t sum = 0;
  for (const auto& each : kept) sum += usable_bytes(each);
  BOOST_TEST(allocated(memory) == sum);
  for (auto& each : kept) free_blocks(memory, each);
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(the_child_of_a_fork_goes_on) {
  arena_resource memory;
  std::atomic<bool> done{false};
  std::vector<std::thread> busy;
  for (unsigned i = 0; i < 3; ++i) {
    busy.emplace_back([&, i] {
      // No vector: a sanitizer's malloc may be locked for ever in the child.
      std::mt19937 random(i);
      std::array<block, 50> blocks;
      while (!done) {
        for (block& each : blocks) each = make_block(memory, random);
        for (const block& each : blocks) memory.deallocate(each.place, each.bytes, each.alignment);
        if (i == 0) (void)memory.stats();
      }
    });
  }
  std::vector<block> mine = make_blocks(memory, 500, 7);
  unsigned good = 0;
  for (unsigned round = 0; round < 60; ++round) {
    const bool held = zpmr::test::holds_in_child([&] {
      if (allocated(memory) < usable_bytes(mine)) return false;
      const auto use = [&](unsigned i) {
        std::vector<block> blocks = make_blocks(memory, 500, i);
        free_blocks(memory, blocks);
      };
      // The thread sanitizer lets no child of several threads start others.
      zpmr::test::thread_sanitizer ? use(0) : zpmr::test::run_together(4, use);
      const std::size_t before = allocated(memory);
      std::vector<block> more = make_blocks(memory, 500, 8);
      if (allocated(memory) != before + usable_bytes(more)) return false;
      free_blocks(memory, mine);
      memory.release();
      // Without caches, what three threads were just handling may stay.
      if (allocated(memory) > 3 * 40960) return false;
      arena_resource another;
      std::vector<block> others = make_blocks(another, 500, 9);
      return allocated(another) == usable_bytes(others);
    });
    good += held ? 1 : 0;
  }
  done = true;
  for (std::thread& each : busy) each.join();
  BOOST_TEST(good == 60U);
  BOOST_TEST(allocated(memory) == usable_bytes(mine));
}

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
