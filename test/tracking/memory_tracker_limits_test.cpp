// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE memory_tracker_limits
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <new>
#include <typeinfo>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/scripted_policy.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::no_limit;
using zpmr::test::scripted_policy;

constexpr std::size_t largest = PTRDIFF_MAX;

/// Whether `deed` throws `std::bad_alloc` itself, nothing derived from it.
template <class F>
bool throws_plain_bad_alloc(F deed) {
  try {
    deed();
  } catch (const std::bad_alloc& error) {
    return typeid(error) == typeid(std::bad_alloc);
  }
  return false;
}

}  // namespace

// ---- Limits.

BOOST_AUTO_TEST_CASE(a_charge_fits_up_to_the_last_byte_and_not_beyond) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  tracker.charge(99);
  BOOST_TEST(!tracker.try_charge(2));
  BOOST_TEST(tracker.try_charge(1));
  BOOST_TEST(tracker.remaining() == 0u);
  BOOST_TEST(!tracker.try_charge(1));
  BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);
  tracker.uncharge(1);
  BOOST_TEST(tracker.try_charge(1));
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_block_fits_by_its_usable_bytes) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  BOOST_CHECK_THROW(tracker.charge_block(101, 1), limit_exceeded);
  tracker.charge_block(100, 1);
  tracker.uncharge_block(100, 1);
}

BOOST_AUTO_TEST_CASE(a_refused_charge_changes_nothing_but_the_count_of_denials) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  tracker.charge(60);
  memory_usage expected = tracker.snapshot();
  expected.denied = 3;
  BOOST_CHECK_THROW(tracker.charge(41), limit_exceeded);
  BOOST_CHECK_THROW(tracker.charge_block(1000, 900), limit_exceeded);
  BOOST_TEST(!tracker.try_charge(no_limit / 4));
  BOOST_TEST(tracker.snapshot() == expected);
  tracker.uncharge(60);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_a_bad_alloc) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  BOOST_CHECK_THROW(tracker.charge(101), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(a_limit_of_zero_is_zero_and_not_none) {
  hard_limit cap{0};
  memory_tracker tracker{"nothing", &cap};
  BOOST_TEST(tracker.remaining() == 0u);
  BOOST_TEST(!tracker.try_charge(1));
  BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);

  memory_tracker other{"set to nothing"};
  BOOST_TEST(other.try_set_limit(0));
  BOOST_TEST(other.limit() == 0u);
  BOOST_TEST(!other.try_charge(1));
}

BOOST_AUTO_TEST_CASE(zero_bytes_always_fit) {
  scripted_policy policy{0};
  memory_tracker tracker{"nothing", &policy};
  tracker.charge(0);
  tracker.charge_block(0, 0);
  tracker.uncharge_block(0, 0);
  BOOST_TEST(tracker.try_charge(0));

  tracker.set_limit(100);
  tracker.charge(80);
  tracker.set_limit(10);
  tracker.charge(0);
  BOOST_TEST(tracker.try_charge(0));
  BOOST_TEST(policy.questions == 0u);
  BOOST_TEST(tracker.snapshot().denied == 0u);
  BOOST_TEST(tracker.snapshot().overdrafts == 0u);
  tracker.uncharge(80);
}

BOOST_AUTO_TEST_CASE(a_limit_set_later_refuses_without_a_policy) {
  memory_tracker tracker{"set later"};
  tracker.charge(10);
  tracker.set_limit(20);
  BOOST_TEST(tracker.limit() == 20u);
  BOOST_TEST(tracker.remaining() == 10u);
  BOOST_CHECK_THROW(tracker.charge(11), limit_exceeded);
  tracker.set_limit(21);
  tracker.charge(11);
  tracker.uncharge(21);
}

BOOST_AUTO_TEST_CASE(a_limit_may_be_taken_away) {
  hard_limit cap{10};
  memory_tracker tracker{"freed", &cap};
  tracker.set_limit(no_limit);
  BOOST_TEST(tracker.remaining() == no_limit);
  tracker.charge(1000);
  tracker.uncharge(1000);
}

BOOST_AUTO_TEST_CASE(usage_above_the_limit_is_a_debt_that_every_free_pays_first) {
  memory_tracker tracker{"indebted"};
  tracker.charge(80);
  tracker.set_limit(50);
  BOOST_TEST(tracker.bytes_in_use() == 80u);
  BOOST_TEST(tracker.remaining() == 0u);
  BOOST_TEST(!tracker.try_charge(1));
  tracker.uncharge(29);
  BOOST_TEST(!tracker.try_charge(1));  // 51 in use
  tracker.uncharge(1);
  BOOST_TEST(tracker.remaining() == 0u);
  BOOST_TEST(!tracker.try_charge(1));  // 50 in use: full
  tracker.uncharge(1);
  BOOST_TEST(tracker.remaining() == 1u);
  BOOST_TEST(tracker.try_charge(1));
  tracker.uncharge(50);
}

BOOST_AUTO_TEST_CASE(try_set_limit_refuses_a_limit_below_the_usage_and_changes_nothing) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  tracker.charge(80);
  const memory_usage before = tracker.snapshot();
  BOOST_TEST(!tracker.try_set_limit(79));
  BOOST_TEST(tracker.snapshot() == before);
  BOOST_TEST(tracker.try_set_limit(80));
  BOOST_TEST(tracker.limit() == 80u);
  BOOST_TEST(!tracker.try_charge(1));
  BOOST_TEST(tracker.try_set_limit(no_limit));
  BOOST_TEST(tracker.try_charge(1));
  tracker.uncharge(81);
}

BOOST_AUTO_TEST_CASE(setting_a_policy_returns_the_old_one_and_leaves_the_limit) {
  hard_limit cap{100};
  scripted_policy generous{5, scripted_policy::always(zpmr::limit_action::grant)};
  memory_tracker tracker{"capped", &cap};
  BOOST_TEST(tracker.set_policy(&generous) == &cap);
  BOOST_TEST(tracker.limit() == 100u);
  tracker.charge(101);  // the new policy lets it pass
  BOOST_TEST(generous.questions == 1u);
  BOOST_TEST(tracker.set_policy(nullptr) == &generous);
  BOOST_TEST(tracker.limit() == 100u);
  BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);
  BOOST_TEST(tracker.set_policy(nullptr) == nullptr);
  tracker.uncharge(101);
}

// ---- Impossible sizes.

BOOST_AUTO_TEST_CASE(an_impossible_size_is_a_plain_bad_alloc_and_moves_no_figure) {
  scripted_policy policy{100, scripted_policy::always(zpmr::limit_action::grant)};
  memory_tracker tracker{"impossible", &policy};
  tracker.charge(10);
  const memory_usage before = tracker.snapshot();
  for (const std::size_t bytes : {largest + 1, SIZE_MAX - 10, SIZE_MAX - 9, SIZE_MAX}) {
    BOOST_TEST(throws_plain_bad_alloc([&] { tracker.charge(bytes); }));
    BOOST_TEST(throws_plain_bad_alloc([&] { tracker.charge_block(bytes, bytes); }));
    BOOST_TEST(!tracker.try_charge(bytes));
    const zpmr::overdraft_scope everything_passes;
    BOOST_TEST(throws_plain_bad_alloc([&] { tracker.charge(bytes); }));
    BOOST_TEST(!tracker.try_charge(bytes));
  }
  BOOST_TEST(tracker.snapshot() == before);
  BOOST_TEST(policy.questions == 0u);
  tracker.uncharge(10);
}

BOOST_AUTO_TEST_CASE(the_largest_possible_size_can_be_charged) {
  memory_tracker tracker{"largest"};
  tracker.charge(largest);
  BOOST_TEST(tracker.bytes_in_use() == largest);
  tracker.uncharge(largest);
}

BOOST_AUTO_TEST_CASE(sums_near_the_largest_number_never_wrap) {
  memory_tracker parent{"parent"};
  memory_tracker one{"one", parent};
  memory_tracker other{"other", parent};
  one.charge(largest);
  other.charge(largest);  // together SIZE_MAX - 1
  BOOST_TEST(!one.try_charge(2));
  BOOST_CHECK_THROW(other.charge(largest), std::bad_alloc);
  BOOST_TEST(parent.bytes_in_use() == 2 * largest);
  BOOST_TEST(one.bytes_in_use() == largest);
  BOOST_TEST(other.bytes_in_use() == largest);
  one.uncharge(largest);
  other.uncharge(largest);
  BOOST_TEST(parent.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(sums_near_the_largest_number_never_wrap_when_everything_is_granted) {
  scripted_policy generous{100, scripted_policy::always(zpmr::limit_action::grant)};
  memory_tracker parent{"parent", &generous};
  memory_tracker child{"child", parent};
  parent.charge(largest);
  parent.charge(largest);
  const auto check_refused = [&] {
    BOOST_TEST(!child.try_charge(largest));
    BOOST_CHECK_THROW(child.charge(largest), std::bad_alloc);
    BOOST_TEST(parent.bytes_in_use() == 2 * largest);
    BOOST_TEST(child.bytes_in_use() == 0u);
  };
  check_refused();
  const unsigned questions = generous.questions;
  {
    const zpmr::overdraft_scope everything_passes;
    check_refused();
  }
  BOOST_TEST(generous.questions == questions);  // a scope asks nobody
  parent.uncharge(largest);
  parent.uncharge(largest);
}
