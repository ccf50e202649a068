// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE memory_tracker
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/pending_block.hpp>
#include <zpmr/policies.hpp>

#include "support/death.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::no_limit;

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
