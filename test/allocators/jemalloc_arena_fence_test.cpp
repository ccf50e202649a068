// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_arena_fence
#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC
#include <thread>
#include <vector>
#include <zpmr/allocator_resource.hpp>

#include "platform/membarrier.hpp"
#include "support/arena_blocks.hpp"
#include "support/failing_fence.hpp"

using namespace zpmr::test;

// Another thread might be using its cache at this moment, and nobody could tell.
BOOST_AUTO_TEST_CASE(without_its_fence_what_lies_in_caches_is_not_known_and_not_lost) {
  if (!zpmr::detail::prepare_heavy_fence()) return;
  arena_resource memory;
  std::vector<block> blocks = make_blocks(memory, 500, 1);
  std::thread{[&] {
    std::vector<block> passing = make_blocks(memory, 500, 2);
    free_blocks(memory, passing);
  }}.join();
  {
    const no_fence sandbox;
    const zpmr::allocator_stats stats = memory.stats();
    BOOST_TEST(!stats.allocated.has_value());
    BOOST_TEST(!stats.small_bin_fragmentation.has_value());
    BOOST_TEST(stats.resident.has_value());
    free_blocks(memory, blocks);
    blocks = make_blocks(memory, 300, 3);
  }
  // Those of before are still in use, so all that they hold comes back.
  BOOST_TEST(allocated(memory) == usable_bytes(blocks));
  free_blocks(memory, blocks);
  BOOST_TEST(allocated(memory) == 0U);
}

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
