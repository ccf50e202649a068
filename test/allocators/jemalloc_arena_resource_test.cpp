// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_arena_resource

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <random>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/jemalloc_arena_resource.hpp>

#include "support/allocator_checks.hpp"
#include "support/arena_blocks.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::jemalloc;
using zpmr::test::allocated;
using zpmr::test::arena_resource;
using zpmr::test::block;
using zpmr::test::free_blocks;
using zpmr::test::make_blocks;
using zpmr::test::usable_bytes;

}  // namespace

BOOST_AUTO_TEST_CASE(allocated_is_exactly_what_the_blocks_in_use_take) {
  arena_resource memory;
  BOOST_TEST(allocated(memory) == 0U);
  std::vector<block> blocks = make_blocks(memory, 20000, 1);
  BOOST_TEST(allocated(memory) == usable_bytes(blocks));
  std::shuffle(blocks.begin(), blocks.end(), std::mt19937{2});
  std::vector<block> half(blocks.begin() + 10000, blocks.end());
  blocks.resize(10000);
  free_blocks(memory, half);
  BOOST_TEST(allocated(memory) == usable_bytes(blocks));
  free_blocks(memory, blocks);
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(blocks_of_other_arenas_never_come_back) {
  arena_resource one;
  arena_resource other;
  for (unsigned round = 0; round < 50; ++round) {
    std::vector<block> of_one = make_blocks(one, 300, round);
    free_blocks(one, of_one);
    std::vector<block> of_other = make_blocks(other, 300, round);
    BOOST_TEST_REQUIRE(allocated(one) == 0U);
    BOOST_TEST_REQUIRE(allocated(other) == usable_bytes(of_other));
    free_blocks(other, of_other);
  }
}

BOOST_AUTO_TEST_CASE(release_gives_everything_back_at_once) {
  arena_resource memory;
  std::vector<std::vector<block>> blocks(3);
  zpmr::test::run_together(3, [&](unsigned i) {
    blocks[i] = make_blocks(memory, 20000, i);
    std::vector<block> cached = make_blocks(memory, 1000, i);
    free_blocks(memory, cached);
  });
  BOOST_TEST(memory.stats().resident.value() > (10U << 20));
  memory.release();
  BOOST_TEST(allocated(memory) == 0U);
  const zpmr::allocator_stats after = memory.stats();
  BOOST_TEST(after.active.value() == 0U);
  BOOST_TEST(after.resident.value() <= after.metadata.value() + (64U << 10));
}

BOOST_AUTO_TEST_CASE(after_release_no_block_is_handed_out_twice) {
  arena_resource memory;
  for (unsigned round = 0; round < 20; ++round) {
    std::vector<block> cached = make_blocks(memory, 2000, round);
    free_blocks(memory, cached);
    const std::vector<block> lost = make_blocks(memory, 2000, round);
    memory.release();
    std::set<void*> places;
    std::vector<block> blocks = make_blocks(memory, 2000, round);
    for (const block& each : blocks) BOOST_TEST_REQUIRE(places.insert(each.place).second);
    BOOST_TEST_REQUIRE(allocated(memory) == usable_bytes(blocks));
    if (round % 2 == 0) free_blocks(memory, blocks);
  }
}

BOOST_AUTO_TEST_CASE(free_memory_is_given_back_and_that_is_said_only_if_so) {
  arena_resource memory;
  std::vector<block> blocks = make_blocks(memory, 20000, 1);
  free_blocks(memory, blocks);
  const std::size_t before = memory.stats().resident.value();
  BOOST_TEST(memory.release_free_memory());
  BOOST_TEST(memory.stats().resident.value() < before);
  BOOST_TEST(!memory.release_free_memory());
}

BOOST_AUTO_TEST_CASE(to_give_memory_back_empties_the_caches_first) {
  arena_resource memory;
  std::vector<block> blocks = make_blocks(memory, 200, 1);
  free_blocks(memory, blocks);
  memory.release_free_memory();
  BOOST_TEST(memory.arena().stats().allocated.value() == 0U);  // which empties none
}

BOOST_AUTO_TEST_CASE(counted_it_agrees_with_the_tracker) {
  arena_resource memory;
  zpmr::counting_resource counted{&memory, "arena"};
  static_assert(std::is_same_v<decltype(counted), zpmr::counting_resource<arena_resource>>);
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (std::size_t bytes = 1; bytes < 100000; bytes += bytes / 3 + 1) {
    blocks.emplace_back(counted.allocate(bytes), bytes);
    BOOST_TEST(counted.bytes_in_use() == allocated(memory));
  }
  for (const auto& [place, bytes] : blocks) counted.deallocate(place, bytes);
  BOOST_TEST(counted.bytes_in_use() == 0U);
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(it_is_called_as_jemalloc_and_has_its_sizes) {
  arena_resource memory;
  BOOST_TEST(memory.name() == jemalloc()->name());
  BOOST_TEST(memory.version() == jemalloc()->version());
  BOOST_TEST(memory.known_sizes() == jemalloc()->known_sizes());
  for (const std::size_t bytes : {0U, 1U, 100U, 9000U, 1U << 20}) {
    BOOST_TEST(memory.usable_size(bytes, 8) == jemalloc()->usable_size(bytes, 8));
  }
}

BOOST_AUTO_TEST_CASE(its_decay_times_are_its_own) {
  using namespace std::chrono_literals;
  arena_resource memory;
  const zpmr::jemalloc_decay before = zpmr::jemalloc_arena::of_this_thread().decay();
  memory.arena().set_decay({.dirty = 0ms, .muzzy = 0ms});
  BOOST_TEST((zpmr::jemalloc_arena::of_this_thread().decay() == before));
  std::vector<block> blocks = make_blocks(memory, 20000, 1);
  free_blocks(memory, blocks);
  (void)memory.stats();
  BOOST_TEST(!memory.release_free_memory());  // all was given back when it was freed
}

#if ZPMR_CHECKED
BOOST_AUTO_TEST_CASE(an_alignment_that_is_no_power_of_two_stops_a_checked_build) {
  arena_resource memory;
  zpmr::test::check_alignment_is_checked(memory);
}
#endif

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
