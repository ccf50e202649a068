// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE evicting_limit
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::limit_event;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;

}  // namespace

BOOST_AUTO_TEST_CASE(evicting_limit_evicts_until_the_charge_fits) {
  memory_tracker* charged = nullptr;
  std::vector<unsigned> attempts;
  zpmr::evicting_limit cap{100, [&](const limit_event& event) {
                             attempts.push_back(event.attempt);
                             charged->uncharge(10);
                             return true;
                           }};
  memory_tracker tracker{"cache", &cap};
  charged = &tracker;
  tracker.charge(100);
  tracker.charge(25);
  BOOST_TEST((attempts == std::vector<unsigned>{1, 2, 3}));
  BOOST_TEST(tracker.bytes_in_use() == 95u);
  BOOST_TEST(tracker.peak_bytes() == 100u);
  BOOST_TEST(tracker.snapshot().denied == 0u);
  tracker.uncharge(95);
}

BOOST_AUTO_TEST_CASE(evicting_limit_refuses_when_nothing_is_left_to_evict) {
  unsigned calls = 0;
  zpmr::evicting_limit cap{100, [&](const limit_event&) { return ++calls < 4; }};
  memory_tracker tracker{"cache", &cap};
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(calls == 4u);
}

BOOST_AUTO_TEST_CASE(evicting_limit_evicts_at_most_as_often_as_it_was_told) {
  for (const unsigned most : {0u, 1u, 3u}) {
    unsigned calls = 0;
    const auto count = [&](const limit_event&) { return ++calls, true; };
    zpmr::evicting_limit cap{100, count, most};
    memory_tracker tracker{"cache", &cap};
    BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
    BOOST_TEST(calls == most);
    BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);  // the bound is for each charge
    BOOST_TEST(calls == 2 * most);
  }
}

BOOST_AUTO_TEST_CASE(evicting_limit_fits_after_the_last_eviction_that_it_may_make) {
  memory_tracker* charged = nullptr;
  const auto evict = [&](const limit_event&) { return charged->uncharge(10), true; };
  zpmr::evicting_limit cap{100, evict, 3};
  memory_tracker tracker{"cache", &cap};
  charged = &tracker;
  tracker.charge(100);
  tracker.charge(30);
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(evicting_limit_evicts_at_most_a_thousand_times_in_any_case) {
  unsigned calls = 0;
  zpmr::evicting_limit cap{100, [&](const limit_event&) { return ++calls, true; }};
  memory_tracker tracker{"cache", &cap};
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(calls == 1000u);
}

BOOST_AUTO_TEST_CASE(evicting_limit_keeps_a_cache_of_several_threads_within_its_cap) {
  // Each thread fills its own shard; whoever meets the cap evicts from any shard, as no shard is in
  // the middle of an operation: blocks are allocated before the shard is locked.
  struct shard {
    std::mutex mutex;
    std::vector<void*> blocks;
  };
  constexpr std::size_t block_bytes = 64;
  constexpr unsigned threads = 8;
  std::vector<shard> shards(threads);
  zpmr::test::probe_resource upstream;
  zpmr::counting_resource<zpmr::test::probe_resource>* cache = nullptr;

  const auto evict_one = [&](const limit_event&) {
    for (shard& victim : shards) {
      void* block = nullptr;
      {
        const std::lock_guard lock{victim.mutex};
        if (victim.blocks.empty()) continue;
        block = victim.blocks.back();
        victim.blocks.pop_back();
      }
      cache->deallocate(block, block_bytes);
      return true;
    }
    return false;
  };
  zpmr::evicting_limit cap{100 * block_bytes, evict_one};
  zpmr::counting_resource memory{&upstream, "cache", &cap};
  cache = &memory;

  std::atomic<unsigned> refused{0};
  zpmr::test::run_together(threads, [&](unsigned index) {
    for (int i = 0; i < 1000; ++i) {
      try {
        void* const block = memory.allocate(block_bytes);
        const std::lock_guard lock{shards[index].mutex};
        shards[index].blocks.push_back(block);
      } catch (const limit_exceeded&) {
        ++refused;
      }
    }
  });
  BOOST_TEST(refused == 0u);  // 8 threads hold at most 8 blocks outside the shards
  BOOST_TEST(upstream.most_bytes() <= 100 * block_bytes);
  BOOST_TEST(memory.peak_bytes() <= 100 * block_bytes);
  BOOST_TEST(memory.bytes_in_use() == 100 * block_bytes);
  while (evict_one(limit_event{memory.tracker(), 0, 0, 0, 1})) {
  }
  BOOST_TEST(memory.bytes_in_use() == 0u);
  BOOST_TEST(upstream.bytes() == 0u);
}
