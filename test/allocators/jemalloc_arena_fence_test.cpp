// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_arena_fence
#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC
#include <csignal>
#include <semaphore>
#include <thread>
#include <vector>
#include <zpmr/allocator_resource.hpp>

#include "allocators/jemalloc_own_arena.hpp"
#include "platform/membarrier.hpp"
#include "support/arena_blocks.hpp"
#include "support/child_process.hpp"
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

BOOST_AUTO_TEST_CASE(a_child_of_a_fork_has_in_use_what_it_can_free_and_nothing_in_caches) {
  arena_resource memory;
  std::vector<block> kept = make_blocks(memory, 200, 1);
  std::vector<block> cached = make_blocks(memory, 200, 2);
  free_blocks(memory, cached);
  BOOST_TEST(holds_in_child([&] { return allocated(memory) == usable_bytes(kept); }));
  BOOST_TEST(allocated(memory) == usable_bytes(kept));
  free_blocks(memory, kept);
}

// It is not in the child, and so will never be done with it.
BOOST_AUTO_TEST_CASE(a_child_does_not_wait_for_a_thread_that_was_using_its_cache) {
  if (!zpmr::detail::prepare_heavy_fence()) return;
  zpmr::detail::own_arena arena;
  std::binary_semaphore in_use{0};
  std::binary_semaphore forked{0};
  std::thread other{[&] {
    const zpmr::detail::arena_caches::use cache{arena.caches};
    in_use.release();
    forked.acquire();
  }};
  in_use.acquire();
  {
    const no_fence sandbox;         // or the fork itself would wait for it
    std::signal(SIGALRM, SIG_DFL);  // ends what would wait for ever, here or in the child
    ::alarm(60);
    BOOST_TEST(holds_in_child([&] {
      ::alarm(60);
      fence_forbidden = false;
      arena.caches.empty();
      return true;
    }));
    ::alarm(0);
  }
  forked.release();
  other.join();
}

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
