// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE policies
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/death.hpp"
#include "support/probe_resource.hpp"
#include "support/threads.hpp"

namespace {

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

BOOST_AUTO_TEST_CASE(a_soft_limit_tells_although_one_above_it_was_crossed_before) {
  std::vector<std::string> told;
  const auto note = [&](const limit_event& event) { told.emplace_back(event.tracker.name()); };
  zpmr::soft_limit limit{100, note};
  memory_tracker root{"root", &limit};
  memory_tracker leaf{"leaf", root, &limit};
  root.charge(150);
  leaf.charge(101);
  BOOST_TEST((told == std::vector<std::string>{"root", "leaf"}));
  leaf.uncharge(101);
  root.uncharge(150);
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
