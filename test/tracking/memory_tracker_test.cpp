// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE memory_tracker
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <typeinfo>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/pending_block.hpp>
#include <zpmr/policies.hpp>

#include "support/death.hpp"
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

// ---- A new tracker.

BOOST_AUTO_TEST_CASE(a_new_tracker_holds_nothing_and_has_no_limit) {
  const memory_tracker tracker{"new"};
  BOOST_TEST(tracker.snapshot() == memory_usage{});
  BOOST_TEST(tracker.bytes_in_use() == 0u);
  BOOST_TEST(tracker.peak_bytes() == 0u);
  BOOST_TEST(tracker.limit() == no_limit);
  BOOST_TEST(tracker.remaining() == no_limit);
  BOOST_TEST(tracker.parent() == nullptr);
}

BOOST_AUTO_TEST_CASE(the_name_is_a_copy) {
  std::optional<std::string> name{"a name that is too long to be kept inside a std::string"};
  const std::string expected = *name;
  const memory_tracker tracker{*name};
  name->assign(name->size(), 'x');
  name.reset();
  BOOST_TEST(tracker.name() == expected);
}

BOOST_AUTO_TEST_CASE(the_limit_is_the_policys_when_the_tracker_is_made) {
  hard_limit cap{100};
  const memory_tracker tracker{"capped", &cap};
  BOOST_TEST(tracker.limit() == 100u);
  BOOST_TEST(tracker.remaining() == 100u);
  BOOST_TEST(tracker.snapshot().limit == 100u);
}

// ---- Accounting.

BOOST_AUTO_TEST_CASE(a_plain_charge_moves_bytes_and_counts_no_operation) {
  memory_tracker tracker{"plain"};
  tracker.charge(100);
  BOOST_TEST(tracker.try_charge(50));
  tracker.uncharge(30);
  BOOST_TEST(tracker.snapshot() == (memory_usage{.bytes_in_use = 120,
                                                 .requested_bytes_in_use = 120,
                                                 .peak_bytes = 150,
                                                 .total_bytes = 150}));
  tracker.uncharge(120);
}

BOOST_AUTO_TEST_CASE(a_block_moves_usable_and_requested_bytes_and_counts_operations) {
  memory_tracker tracker{"blocks"};
  tracker.charge_block(64, 40);
  tracker.charge_block(128, 100);
  tracker.uncharge_block(64, 40);
  BOOST_TEST(tracker.snapshot() == (memory_usage{.bytes_in_use = 128,
                                                 .requested_bytes_in_use = 100,
                                                 .peak_bytes = 192,
                                                 .total_bytes = 192,
                                                 .allocations = 2,
                                                 .deallocations = 1}));
  tracker.uncharge_block(128, 100);
  BOOST_TEST(tracker.snapshot().blocks_in_use() == 0u);
  BOOST_TEST(tracker.snapshot().requested_bytes_in_use == 0u);
}

BOOST_AUTO_TEST_CASE(a_pending_block_that_is_not_kept_leaves_only_the_peak_risen) {
  memory_tracker tracker{"cancelled"};
  tracker.charge_block(10, 8);
  memory_usage before = tracker.snapshot();
  { const zpmr::pending_block never_there{tracker, 64, 40}; }
  memory_usage after = tracker.snapshot();
  before.peak_bytes = after.peak_bytes = 0;
  BOOST_TEST(after == before);
  tracker.uncharge_block(10, 8);
}

BOOST_AUTO_TEST_CASE(a_pending_block_that_is_kept_is_a_block) {
  memory_tracker tracker{"kept"};
  {
    zpmr::pending_block block{tracker, 64, 40};
    block.keep();
  }
  BOOST_TEST(tracker.snapshot() == (memory_usage{.bytes_in_use = 64,
                                                 .requested_bytes_in_use = 40,
                                                 .peak_bytes = 64,
                                                 .total_bytes = 64,
                                                 .allocations = 1}));
  tracker.uncharge_block(64, 40);
}

BOOST_AUTO_TEST_CASE(plain_charges_and_blocks_add_up) {
  memory_tracker tracker{"mixed"};
  tracker.charge(10);
  tracker.charge_block(64, 40);
  BOOST_TEST(tracker.bytes_in_use() == 74u);
  BOOST_TEST(tracker.snapshot().requested_bytes_in_use == 50u);
  tracker.uncharge_block(64, 40);
  tracker.uncharge(10);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

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

// ---- The peak.

BOOST_AUTO_TEST_CASE(the_peak_is_the_most_ever_in_use) {
  memory_tracker tracker{"peak"};
  tracker.charge(100);
  tracker.uncharge(90);
  BOOST_TEST(tracker.peak_bytes() == 100u);
  tracker.charge(89);
  BOOST_TEST(tracker.peak_bytes() == 100u);
  tracker.charge(2);
  BOOST_TEST(tracker.peak_bytes() == 101u);
  BOOST_TEST(tracker.snapshot().peak_bytes == 101u);
  tracker.uncharge(101);
  BOOST_TEST(tracker.peak_bytes() == 101u);
}

BOOST_AUTO_TEST_CASE(reset_peak_sets_the_peak_to_what_is_in_use) {
  memory_tracker tracker{"peak"};
  tracker.charge(100);
  tracker.uncharge(60);
  tracker.reset_peak();
  BOOST_TEST(tracker.peak_bytes() == 40u);
  tracker.charge(5);
  BOOST_TEST(tracker.peak_bytes() == 45u);
  tracker.uncharge(45);
  tracker.reset_peak();
  BOOST_TEST(tracker.peak_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_refused_charge_does_not_raise_the_peak) {
  hard_limit cap{100};
  memory_tracker tracker{"peak", &cap};
  tracker.charge(10);
  BOOST_TEST(!tracker.try_charge(91));
  BOOST_CHECK_THROW(tracker.charge(91), limit_exceeded);
  BOOST_TEST(tracker.peak_bytes() == 10u);
  tracker.uncharge(10);
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

// ---- Preconditions.

#if ZPMR_CHECKED

BOOST_AUTO_TEST_CASE(a_checked_build_stops_at_an_uncharge_of_more_than_is_in_use) {
  const std::string message = zpmr::test::message_of_abort([] {
    memory_tracker tracker{"too little"};
    tracker.charge(10);
    tracker.uncharge(11);
  });
  BOOST_TEST(message.starts_with("zpmr: "), message);
}

BOOST_AUTO_TEST_CASE(a_checked_build_stops_at_the_end_of_a_tracker_in_use) {
  const std::string message = zpmr::test::message_of_abort([] {
    memory_tracker tracker{"in use"};
    tracker.charge(10);
  });
  BOOST_TEST(message.starts_with("zpmr: "), message);
}

BOOST_AUTO_TEST_CASE(a_checked_build_stops_at_the_end_of_a_tracker_with_children) {
  const std::string message = zpmr::test::message_of_abort([] {
    std::optional<memory_tracker> parent{std::in_place, "parent"};
    const memory_tracker child{"child", *parent};
    parent.reset();
  });
  BOOST_TEST(message.starts_with("zpmr: "), message);
}

#else

BOOST_AUTO_TEST_CASE(an_uncharge_of_more_than_is_in_use_takes_off_what_there_is) {
  memory_tracker tracker{"too little"};
  tracker.charge(10);
  tracker.uncharge(11);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
  BOOST_TEST(tracker.snapshot().requested_bytes_in_use == 0u);
  tracker.charge(5);
  BOOST_TEST(tracker.bytes_in_use() == 5u);
  tracker.uncharge(SIZE_MAX);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

#endif
