// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE usage_scope
#include <boost/test/unit_test.hpp>
#include <optional>
#include <thread>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/process_memory.hpp>

#include "support/threads.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::usage_scope;

}  // namespace

BOOST_AUTO_TEST_CASE(a_scope_starts_at_zero_whatever_the_tracker_holds) {
  memory_tracker tracker{"tracker"};
  tracker.charge_block(500, 500);
  tracker.charge(500);
  tracker.uncharge(500);
  const usage_scope scope{tracker};
  BOOST_TEST(scope.bytes() == 0);
  BOOST_TEST(scope.allocations() == 0);
  BOOST_TEST(scope.peak_bytes() == 0);
  tracker.uncharge_block(500, 500);
}

BOOST_AUTO_TEST_CASE(a_scope_tells_what_was_added_since) {
  memory_tracker tracker{"tracker"};
  tracker.charge_block(500, 500);
  const usage_scope scope{tracker};
  tracker.charge_block(64, 40);
  tracker.charge_block(64, 40);
  tracker.uncharge_block(64, 40);
  tracker.charge(10);
  BOOST_TEST(scope.bytes() == 74);
  BOOST_TEST(scope.allocations() == 2);
  BOOST_TEST(scope.peak_bytes() == 128);
  tracker.uncharge(10);
  tracker.uncharge_block(64, 40);
  tracker.uncharge_block(500, 500);
}

BOOST_AUTO_TEST_CASE(a_scope_is_negative_when_more_was_freed_than_allocated) {
  memory_tracker tracker{"tracker"};
  tracker.charge(100);
  const usage_scope scope{tracker};
  tracker.uncharge(100);
  BOOST_TEST(scope.bytes() == -100);
  BOOST_TEST(scope.peak_bytes() == 0);
  tracker.charge(90);
  BOOST_TEST(scope.bytes() == -10);
  BOOST_TEST(scope.peak_bytes() == 0);
  tracker.uncharge(90);
}

BOOST_AUTO_TEST_CASE(the_peak_of_a_scope_is_not_that_of_its_tracker) {
  memory_tracker tracker{"tracker"};
  tracker.charge(1000);
  tracker.uncharge(1000);
  const usage_scope scope{tracker};
  tracker.charge(30);
  tracker.uncharge(20);
  BOOST_TEST(scope.peak_bytes() == 30);
  BOOST_TEST(tracker.peak_bytes() == 1000u);
  tracker.uncharge(10);
}

BOOST_AUTO_TEST_CASE(resetting_the_trackers_peak_leaves_that_of_a_scope) {
  memory_tracker tracker{"tracker"};
  const usage_scope scope{tracker};
  tracker.charge(30);
  tracker.uncharge(30);
  tracker.reset_peak();
  BOOST_TEST(tracker.peak_bytes() == 0u);
  BOOST_TEST(scope.peak_bytes() == 30);
}

BOOST_AUTO_TEST_CASE(a_refused_charge_does_not_raise_the_peak_of_a_scope) {
  zpmr::hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  const usage_scope scope{tracker};
  BOOST_TEST(!tracker.try_charge(101));
  BOOST_TEST(scope.peak_bytes() == 0);
}

BOOST_AUTO_TEST_CASE(a_scope_changes_no_figure_of_the_tracker) {
  memory_tracker tracker{"tracker"};
  tracker.charge(100);
  tracker.uncharge(60);
  const memory_usage before = tracker.snapshot();
  {
    const usage_scope scope{tracker};
    BOOST_TEST(tracker.snapshot() == before);
  }
  BOOST_TEST(tracker.snapshot() == before);
  tracker.uncharge(40);
}

BOOST_AUTO_TEST_CASE(scopes_nest) {
  memory_tracker tracker{"tracker"};
  const usage_scope outer{tracker};
  tracker.charge(100);
  {
    const usage_scope inner{tracker};
    tracker.charge(20);
    tracker.uncharge(110);
    BOOST_TEST(inner.bytes() == -90);
    BOOST_TEST(inner.peak_bytes() == 20);
  }
  tracker.charge(5);
  BOOST_TEST(outer.bytes() == 15);
  BOOST_TEST(outer.peak_bytes() == 120);
  tracker.uncharge(15);
}

BOOST_AUTO_TEST_CASE(scopes_may_end_in_any_order) {
  memory_tracker tracker{"tracker"};
  std::optional<usage_scope> first{std::in_place, tracker};
  std::optional<usage_scope> second{std::in_place, tracker};
  std::optional<usage_scope> third{std::in_place, tracker};
  tracker.charge(10);
  second.reset();
  tracker.charge(10);
  first.reset();
  tracker.charge(10);
  BOOST_TEST(third->bytes() == 30);
  BOOST_TEST(third->peak_bytes() == 30);
  first.emplace(tracker);
  third.reset();
  tracker.uncharge(30);
  tracker.charge(35);
  BOOST_TEST(first->bytes() == 5);
  BOOST_TEST(first->peak_bytes() == 5);
  tracker.uncharge(35);
}

BOOST_AUTO_TEST_CASE(scopes_one_after_the_other_take_no_more_memory_than_one) {
  memory_tracker tracker{"tracker"};
  { const usage_scope first{tracker}; }
  const auto before = zpmr::smaps_field("Size");
  for (int i = 0; i < 300'000; ++i) const usage_scope scope{tracker};
  const auto after = zpmr::smaps_field("Size");
  if (before && after) BOOST_TEST(*after <= *before + (1 << 20));
}

BOOST_AUTO_TEST_CASE(a_scope_on_a_parent_sees_its_children) {
  memory_tracker parent{"parent"};
  memory_tracker child{"child", parent};
  const usage_scope of_parent{parent};
  const usage_scope of_child{child};
  parent.charge(1000);
  child.charge_block(64, 40);
  BOOST_TEST(of_parent.bytes() == 1064);
  BOOST_TEST(of_parent.peak_bytes() == 1064);
  BOOST_TEST(of_parent.allocations() == 1);
  BOOST_TEST(of_child.bytes() == 64);
  BOOST_TEST(of_child.peak_bytes() == 64);
  child.uncharge_block(64, 40);
  parent.uncharge(1000);
}

BOOST_AUTO_TEST_CASE(a_scope_sees_what_other_threads_do) {
  memory_tracker tracker{"tracker"};
  const usage_scope scope{tracker};
  std::jthread{[&] { tracker.charge_block(64, 40); }}.join();
  BOOST_TEST(scope.bytes() == 64);
  BOOST_TEST(scope.allocations() == 1);
  BOOST_TEST(scope.peak_bytes() == 64);
  std::jthread{[&] { tracker.uncharge_block(64, 40); }}.join();
  BOOST_TEST(scope.bytes() == 0);
}

BOOST_AUTO_TEST_CASE(scopes_come_and_go_on_many_threads_and_disturb_nothing) {
  memory_tracker tracker{"tracker"};
  std::vector<int> wrong(4);
  zpmr::test::run_together(4, [&](unsigned index) {
    for (int round = 0; round < 2000; ++round) {
      const usage_scope scope{tracker};
      tracker.charge_block(64, 40);
      // At least its own 64 bytes were there at some moment, beside at most three others'.
      if (scope.allocations() < 1 || scope.bytes() > 256 || scope.peak_bytes() > 256) {
        ++wrong[index];
      }
      tracker.uncharge_block(64, 40);
    }
  });
  for (const int count : wrong) BOOST_TEST(count == 0);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
  BOOST_TEST(tracker.snapshot().allocations == 8000u);
}
