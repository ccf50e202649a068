// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE policies
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <latch>
#include <memory_resource>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/death.hpp"
#include "support/probe_resource.hpp"
#include "support/threads.hpp"

namespace {

using namespace std::chrono_literals;
using zpmr::limit_event;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;

}  // namespace

// ---- hard_limit

BOOST_AUTO_TEST_CASE(hard_limit_refuses) {
  zpmr::hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  BOOST_TEST(cap.limit() == 100u);
  tracker.charge(100);
  BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);
  BOOST_TEST(tracker.snapshot().denied == 1u);
  tracker.uncharge(100);
}

// ---- soft_limit

BOOST_AUTO_TEST_CASE(soft_limit_lets_pass_and_tells_once_a_crossing) {
  std::vector<limit_event> told;
  zpmr::soft_limit warning{100, [&](const limit_event& event) { told.push_back(event); }};
  memory_tracker tracker{"warned", &warning};
  tracker.charge(90);
  tracker.charge(20);
  tracker.charge(20);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(&told[0].tracker == &tracker);
  BOOST_TEST(told[0].requested == 20u);
  BOOST_TEST(told[0].bytes_in_use == 90u);
  BOOST_TEST(told[0].limit == 100u);
  BOOST_TEST(tracker.snapshot().overdrafts == 2u);
  tracker.uncharge(40);
  tracker.charge(20);
  BOOST_TEST(told.size() == 2u);
  tracker.uncharge(110);
}

BOOST_AUTO_TEST_CASE(soft_limit_tells_for_each_tracker_that_shares_it) {
  std::vector<const memory_tracker*> told;
  zpmr::soft_limit warning{100, [&](const limit_event& event) { told.push_back(&event.tracker); }};
  memory_tracker one{"one", &warning};
  memory_tracker other{"other", &warning};
  one.charge(101);
  other.charge(101);
  BOOST_TEST((told == std::vector<const memory_tracker*>{&one, &other}));
  one.uncharge(101);
  other.uncharge(101);
}

BOOST_AUTO_TEST_CASE(soft_limits_along_a_path_tell_once_each_of_what_they_granted) {
  std::vector<std::string> told;
  const auto note = [&](const limit_event& event) { told.emplace_back(event.tracker.name()); };
  zpmr::soft_limit low{100, note};
  zpmr::soft_limit high{200, note};
  memory_tracker root{"root", &high};
  memory_tracker leaf{"leaf", root, &low};
  leaf.charge(150);
  BOOST_TEST((told == std::vector<std::string>{"leaf"}));
  leaf.charge(60);
  BOOST_TEST((told == std::vector<std::string>{"leaf", "root"}));
  leaf.uncharge(210);
  leaf.charge(201);  // both at once
  std::ranges::sort(told);
  BOOST_TEST((told == std::vector<std::string>{"leaf", "leaf", "root", "root"}));
  leaf.uncharge(201);
}

BOOST_AUTO_TEST_CASE(soft_limit_tells_once_when_several_threads_cross_at_once) {
  std::atomic<unsigned> told{0};
  zpmr::soft_limit warning{6400, [&](const limit_event&) { ++told; }};
  memory_tracker tracker{"warned", &warning};
  for (unsigned round = 1; round <= 100; ++round) {
    zpmr::test::run_together(8, [&](unsigned) {
      for (int i = 0; i < 25; ++i) tracker.charge(64);
    });
    BOOST_TEST(told == round);
    BOOST_TEST(tracker.snapshot().overdrafts == 100u * round);
    tracker.uncharge(8u * 25 * 64);
  }
}

BOOST_AUTO_TEST_CASE(soft_limit_tells_as_often_as_it_is_crossed_while_threads_come_and_go_over_it) {
  // Every thread alone crosses the limit, so the number of crossings is at least one and at most
  // the number of charges, and each granted charge is an overdraft.
  std::atomic<std::uint64_t> told{0};
  zpmr::soft_limit warning{100, [&](const limit_event&) { ++told; }};
  memory_tracker tracker{"warned", &warning};
  zpmr::test::run_together(4, [&](unsigned) {
    for (int i = 0; i < 1000; ++i) {
      tracker.charge(101);
      tracker.uncharge(101);
    }
  });
  BOOST_TEST(told >= 1u);
  BOOST_TEST(told <= tracker.snapshot().overdrafts);
  BOOST_TEST(tracker.snapshot().overdrafts == 4000u);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(soft_limit_whose_notification_throws_undoes_the_charge) {
  zpmr::soft_limit warning{100, [](const limit_event&) { throw std::runtime_error("no"); }};
  memory_tracker tracker{"warned", &warning};
  BOOST_CHECK_THROW(tracker.charge(101), std::runtime_error);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
  BOOST_TEST(tracker.snapshot().total_bytes == 0u);
}

// ---- evicting_limit

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

// ---- waiting_limit

BOOST_AUTO_TEST_CASE(waiting_limit_gets_the_room_that_another_thread_frees) {
  zpmr::waiting_limit cap{100, 5min};
  memory_tracker tracker{"shared", &cap};
  tracker.charge(100);
  bool charged = false;
  std::jthread waiting{[&] {
    tracker.charge(30);
    charged = true;
  }};
  for (int i = 0; i < 100; ++i) {
    tracker.uncharge(1);
    std::this_thread::yield();
  }
  waiting.join();
  BOOST_TEST(charged);
  BOOST_TEST(tracker.bytes_in_use() == 30u);
  BOOST_TEST(tracker.snapshot().denied == 0u);
  BOOST_TEST(tracker.peak_bytes() <= 100u);
  tracker.uncharge(30);
}

BOOST_AUTO_TEST_CASE(waiting_limit_refuses_in_the_end_and_not_before_its_time) {
  constexpr auto patience = 20ms;
  zpmr::waiting_limit cap{100, patience};
  memory_tracker tracker{"full", &cap};
  tracker.charge(100);
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);
  BOOST_TEST((std::chrono::steady_clock::now() - start >= patience));
  BOOST_TEST(tracker.snapshot().denied == 1u);
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(waiting_limit_waits_its_time_once_however_often_it_is_asked) {
  constexpr auto patience = 5ms;
  zpmr::waiting_limit cap{100, patience};
  const memory_tracker tracker{"full", &cap};
  BOOST_TEST((cap.on_limit({tracker, 1, 100, 100, 1}) == zpmr::limit_action::retry));
  std::this_thread::sleep_for(patience);
  BOOST_TEST((cap.on_limit({tracker, 1, 100, 100, 2}) == zpmr::limit_action::deny));
}

BOOST_AUTO_TEST_CASE(waiting_limit_waits_anew_for_each_charge) {
  constexpr auto patience = 5ms;
  zpmr::waiting_limit cap{100, patience};
  memory_tracker tracker{"full", &cap};
  tracker.charge(100);
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);
    BOOST_TEST((std::chrono::steady_clock::now() - start >= patience));
  }
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(waiting_limit_waits_its_time_although_another_policy_was_asked_first) {
  constexpr auto patience = 20ms;
  zpmr::waiting_limit cap{100, patience};
  memory_tracker root{"waits", &cap};
  memory_tracker leaf{"evicts", root};
  root.charge(95);
  leaf.set_limit(0);
  // Ninety questions to the leaf's policy, then the leaf has room and the root has not.
  unsigned asked = 0;
  zpmr::evicting_limit evicting{0, [&](const limit_event&) {
                                  if (++asked == 90) leaf.set_limit(100);
                                  return true;
                                }};
  leaf.set_policy(&evicting);
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK_THROW(leaf.charge(10), limit_exceeded);
  BOOST_TEST((std::chrono::steady_clock::now() - start >= patience));
  BOOST_TEST(asked == 90u);
  root.uncharge(95);
}

BOOST_AUTO_TEST_CASE(waiting_limit_without_patience_refuses) {
  zpmr::waiting_limit none{100, 0ns};
  zpmr::waiting_limit negative{100, -1s};
  memory_tracker one{"one", &none};
  memory_tracker other{"other", &negative};
  BOOST_CHECK_THROW(one.charge(101), limit_exceeded);
  BOOST_CHECK_THROW(other.charge(101), limit_exceeded);
}

BOOST_AUTO_TEST_CASE(waiting_limit_shares_a_cap_among_more_threads_than_fit) {
  zpmr::waiting_limit cap{2 * 64, 5min};
  zpmr::test::probe_resource upstream;
  zpmr::counting_resource memory{&upstream, "shared", &cap};
  zpmr::test::run_together(8, [&](unsigned) {
    for (int i = 0; i < 50; ++i) memory.deallocate(memory.allocate(64), 64);
  });
  BOOST_TEST(upstream.most_bytes() <= 128u);
  BOOST_TEST(upstream.allocations() == 400u);
  BOOST_TEST(memory.bytes_in_use() == 0u);
  BOOST_TEST(memory.snapshot().denied == 0u);
}

// ---- aborting_limit

BOOST_AUTO_TEST_CASE(aborting_limit_ends_the_program_with_one_line_that_says_why) {
  const std::string message = zpmr::test::message_of_abort([] {
    zpmr::aborting_limit cap{1000};
    memory_tracker tracker{"doomed", &cap};
    tracker.charge(123);
    tracker.charge(987);
  });
  BOOST_TEST(message.starts_with("zpmr: "), message);
  BOOST_TEST(message.rfind("zpmr: ") == 0u, message);  // and says so once
  BOOST_TEST(std::count(message.begin(), message.end(), '\n') == 1, message);
  BOOST_TEST(message.ends_with('\n'), message);
  for (const char* fact : {"doomed", "123", "987", "1000"}) {
    BOOST_TEST(message.find(fact) != std::string::npos, message);
  }
}

BOOST_AUTO_TEST_CASE(aborting_limit_does_not_end_the_program_for_what_fits_or_is_only_tried) {
  zpmr::aborting_limit cap{100};
  memory_tracker tracker{"careful", &cap};
  tracker.charge(100);
  BOOST_TEST(!tracker.try_charge(1));
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(aborting_limit_ends_the_program_when_memory_runs_out) {
  const std::string message = zpmr::test::message_of_abort([] {
    zpmr::aborting_limit cap{zpmr::no_limit};
    zpmr::test::probe_resource upstream;
    upstream.before_allocation = [] { throw std::bad_alloc{}; };
    zpmr::counting_resource memory{&upstream, "doomed", &cap};
    (void)memory.allocate(987);
  });
  BOOST_TEST(message.starts_with("zpmr: "), message);
  BOOST_TEST(std::count(message.begin(), message.end(), '\n') == 1, message);
  BOOST_TEST(message.find("doomed") != std::string::npos, message);
  BOOST_TEST(message.find("987") != std::string::npos, message);
}
