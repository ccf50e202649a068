// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE limit_policy
#include <boost/test/unit_test.hpp>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/limit_policy.hpp>
#include <zpmr/memory_tracker.hpp>

#include "support/probe_resource.hpp"
#include "support/scripted_policy.hpp"

namespace {

using zpmr::limit_action;
using zpmr::limit_event;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::test::grants;
using zpmr::test::probe_resource;
using zpmr::test::scripted_policy;

}  // namespace

// ---- Who is asked, and what.

BOOST_AUTO_TEST_CASE(a_charge_that_fits_asks_nobody) {
  scripted_policy policy{100};
  memory_tracker tracker{"capped", &policy};
  tracker.charge(100);
  BOOST_TEST(policy.questions == 0u);
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(try_charge_asks_nobody) {
  scripted_policy policy{100, grants};
  memory_tracker tracker{"capped", &policy};
  BOOST_TEST(!tracker.try_charge(101));
  BOOST_TEST(policy.questions == 0u);
  BOOST_TEST(tracker.snapshot().denied == 1u);
}

BOOST_AUTO_TEST_CASE(the_event_tells_who_is_full_and_by_how_much) {
  std::vector<limit_event> events;
  scripted_policy policy{100, [&](const limit_event& event) {
                           events.push_back(event);
                           return limit_action::deny;
                         }};
  memory_tracker tracker{"capped", &policy};
  tracker.charge(60);
  BOOST_CHECK_THROW(tracker.charge(41), limit_exceeded);
  BOOST_CHECK_THROW(tracker.charge_block(64, 40), limit_exceeded);
  BOOST_REQUIRE(events.size() == 2u);
  BOOST_TEST(&events[0].tracker == &tracker);
  BOOST_TEST(events[0].requested == 41u);
  BOOST_TEST(events[0].bytes_in_use == 60u);
  BOOST_TEST(events[0].limit == 100u);
  BOOST_TEST(events[0].attempt == 1u);
  BOOST_TEST(events[1].requested == 64u);  // what is charged, not what the caller asked for
  BOOST_TEST(events[1].attempt == 1u);
  tracker.uncharge(60);
}

BOOST_AUTO_TEST_CASE(the_full_node_is_asked_and_not_the_charged_one) {
  const memory_tracker* full = nullptr;
  scripted_policy of_root{100, [&](const limit_event& event) {
                            full = &event.tracker;
                            BOOST_TEST(event.bytes_in_use == 70u);
                            BOOST_TEST(event.limit == 100u);
                            return limit_action::deny;
                          }};
  scripted_policy of_leaf{1000};
  memory_tracker root{"root", &of_root};
  memory_tracker branch{"branch", root};
  memory_tracker leaf{"leaf", branch, &of_leaf};
  root.charge(50);
  leaf.charge(20);
  BOOST_CHECK_THROW(leaf.charge(31), limit_exceeded);
  BOOST_TEST(full == &root);
  BOOST_TEST(of_root.questions == 1u);
  BOOST_TEST(of_leaf.questions == 0u);
  leaf.uncharge(20);
  root.uncharge(50);
}

BOOST_AUTO_TEST_CASE(a_full_node_without_a_policy_denies) {
  scripted_policy of_leaf{1000, grants};
  memory_tracker root{"root"};
  root.set_limit(10);
  memory_tracker leaf{"leaf", root, &of_leaf};
  BOOST_CHECK_THROW(leaf.charge(11), limit_exceeded);
  BOOST_TEST(of_leaf.questions == 0u);
}

BOOST_AUTO_TEST_CASE(a_policy_may_be_shared) {
  std::vector<const memory_tracker*> asked;
  scripted_policy policy{100, [&](const limit_event& event) {
                           asked.push_back(&event.tracker);
                           return limit_action::deny;
                         }};
  memory_tracker one{"one", &policy};
  memory_tracker other{"other", &policy};
  one.charge(60);
  other.charge(60);  // each has the limit for itself
  BOOST_CHECK_THROW(other.charge(41), limit_exceeded);
  BOOST_CHECK_THROW(one.charge(41), limit_exceeded);
  BOOST_TEST((asked == std::vector<const memory_tracker*>{&other, &one}));
  one.uncharge(60);
  other.uncharge(60);
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_policy_is_read_once) {
  class counting_policy final : public zpmr::limit_policy {
   public:
    mutable unsigned reads = 0;
    std::size_t limit() const noexcept override { return ++reads * 100; }
    limit_action on_limit(const limit_event&) override { return limit_action::deny; }
  };
  counting_policy policy;
  memory_tracker tracker{"capped", &policy};
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(tracker.limit() == 100u);
  BOOST_TEST(policy.reads == 1u);
}

BOOST_AUTO_TEST_CASE(by_default_a_policy_denies_when_memory_runs_out_and_ignores_overdrafts) {
  class granting_policy final : public zpmr::limit_policy {
   public:
    std::size_t limit() const noexcept override { return 10; }
    limit_action on_limit(const limit_event&) override { return limit_action::grant; }
  };
  granting_policy policy;
  probe_resource upstream;
  zpmr::counting_resource memory{&upstream, "memory", &policy};
  void* const block = memory.allocate(11);
  memory.deallocate(block, 11);
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  BOOST_CHECK_THROW((void)memory.allocate(1), std::bad_alloc);
}

// ---- Charges that never fit.

BOOST_AUTO_TEST_CASE(a_tracker_that_could_just_hold_the_charge_is_not_asked_for_one_that_is_full) {
  scripted_policy of_root{150};
  scripted_policy of_leaf{100};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  root.charge(100);
  BOOST_CHECK_THROW(leaf.charge(100), limit_exceeded);
  BOOST_TEST(of_root.questions == 1u);
  BOOST_TEST(of_leaf.questions == 0u);
  root.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_tracker_that_no_free_can_help_is_asked_before_one_that_is_only_full) {
  scripted_policy of_root{50};
  scripted_policy of_leaf{1000};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  leaf.charge(20);
  leaf.set_limit(60);
  of_root.when_full = [&](const limit_event& event) {
    BOOST_TEST(&event.tracker == &root);
    BOOST_TEST(event.requested == 55u);
    BOOST_TEST(event.bytes_in_use == 20u);
    BOOST_TEST(event.limit == 50u);
    BOOST_TEST(event.attempt == 1u);
    return limit_action::deny;
  };
  BOOST_CHECK_EXCEPTION(leaf.charge(55), limit_exceeded, [](const limit_exceeded& error) {
    return error.tracker_name() == "root" && error.limit() == 50;
  });
  BOOST_TEST(of_root.questions == 1u);
  BOOST_TEST(of_leaf.questions == 0u);
  leaf.uncharge(20);
}

BOOST_AUTO_TEST_CASE(once_it_grants_the_others_are_asked) {
  scripted_policy of_root{50, grants};
  scripted_policy of_leaf{1000};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  leaf.charge(20);
  leaf.set_limit(60);
  of_leaf.when_full = [&](const limit_event& event) {
    BOOST_TEST(event.attempt == 2u);
    leaf.uncharge(20);
    return limit_action::retry;
  };
  leaf.charge(55);
  BOOST_TEST(of_root.questions == 1u);
  BOOST_TEST(of_leaf.questions == 1u);
  BOOST_TEST(of_root.crossings == 1u);
  BOOST_TEST(root.bytes_in_use() == 55u);
  leaf.uncharge(55);
}
