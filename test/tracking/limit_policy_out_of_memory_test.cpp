// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE limit_policy_out_of_memory
#include <boost/test/unit_test.hpp>
#include <optional>
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
using zpmr::memory_usage;
using zpmr::test::callback_failed;
using zpmr::test::grants;
using zpmr::test::probe_resource;
using zpmr::test::retries;
using zpmr::test::scripted_policy;
using zpmr::test::throws;

}  // namespace

BOOST_AUTO_TEST_CASE(the_leafs_policy_is_asked_when_the_upstream_fails) {
  scripted_policy of_root{1000, grants};
  std::vector<limit_event> events;
  scripted_policy of_leaf{500};
  of_leaf.when_out_of_memory = [&](const limit_event& event) {
    events.push_back(event);
    return limit_action::deny;
  };
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  leaf.charge(60);
  zpmr::counting_resource memory{&upstream, leaf};
  BOOST_CHECK_THROW((void)memory.allocate(40), std::bad_alloc);
  BOOST_REQUIRE(events.size() == 1u);
  BOOST_TEST(&events[0].tracker == &leaf);
  BOOST_TEST(events[0].requested == 40u);
  BOOST_TEST(events[0].bytes_in_use == 100u);
  BOOST_TEST(events[0].limit == 500u);
  BOOST_TEST(events[0].attempt == 1u);
  BOOST_TEST(of_root.failures == 0u);
  BOOST_TEST(leaf.bytes_in_use() == 60u);
  leaf.uncharge(60);
}

BOOST_AUTO_TEST_CASE(retry_asks_the_upstream_again) {
  probe_resource upstream;
  unsigned failures_left = 3;
  upstream.before_allocation = [&] {
    if (failures_left > 0) {
      --failures_left;
      throw std::bad_alloc{};
    }
  };
  std::vector<unsigned> attempts;
  scripted_policy policy{500};
  policy.when_out_of_memory = [&](const limit_event& event) {
    attempts.push_back(event.attempt);
    return limit_action::retry;
  };
  zpmr::counting_resource memory{&upstream, "memory", &policy};
  void* const block = memory.allocate(40);
  BOOST_TEST((attempts == std::vector<unsigned>{1, 2, 3}));
  BOOST_TEST(memory.snapshot() == (memory_usage{.bytes_in_use = 40,
                                                .requested_bytes_in_use = 40,
                                                .peak_bytes = 40,
                                                .total_bytes = 40,
                                                .limit = 500,
                                                .allocations = 1}));
  memory.deallocate(block, 40);
}

BOOST_AUTO_TEST_CASE(grant_is_no_answer_to_an_upstream_that_failed) {
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  scripted_policy policy{500};
  policy.when_out_of_memory = grants;
  zpmr::counting_resource memory{&upstream, "memory", &policy};
  BOOST_CHECK_THROW((void)memory.allocate(40), std::bad_alloc);
  BOOST_TEST(policy.failures == 1u);
  BOOST_TEST(memory.snapshot().overdrafts == 0u);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_always_fails_is_asked_at_most_a_thousand_times) {
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  scripted_policy policy{500};
  policy.when_out_of_memory = retries;
  zpmr::counting_resource memory{&upstream, "memory", &policy};
  BOOST_CHECK_THROW((void)memory.allocate(40), std::bad_alloc);
  BOOST_TEST(policy.failures == 1000u);
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_policy_that_throws_when_memory_runs_out_undoes_the_charge) {
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  scripted_policy policy{500};
  policy.when_out_of_memory = throws;
  zpmr::counting_resource memory{&upstream, "memory", &policy};
  BOOST_CHECK_THROW((void)memory.allocate(40), callback_failed);
  BOOST_TEST(memory.bytes_in_use() == 0u);
  BOOST_TEST(memory.snapshot().total_bytes == 0u);
  BOOST_TEST(memory.snapshot().allocations == 0u);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_fails_inside_a_callback_asks_nobody) {
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  scripted_policy policy{500};
  std::optional<zpmr::counting_resource<probe_resource>> memory;
  policy.when_out_of_memory = [&](const limit_event&) {
    BOOST_CHECK_THROW((void)memory->allocate(1), std::bad_alloc);
    return limit_action::deny;
  };
  memory.emplace(&upstream, "memory", &policy);
  BOOST_CHECK_THROW((void)memory->allocate(40), std::bad_alloc);
  BOOST_TEST(policy.failures == 1u);
}

BOOST_AUTO_TEST_CASE(without_a_policy_the_upstreams_exception_passes) {
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  zpmr::counting_resource memory{&upstream};
  try {
    (void)memory.allocate(40);
    BOOST_ERROR("not thrown");
  } catch (const std::bad_alloc& error) {
    BOOST_TEST(dynamic_cast<const limit_exceeded*>(&error) == nullptr);
  }
}
