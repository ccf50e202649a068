// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE memory_reservation
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/scripted_policy.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_reservation;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::scripted_policy;

static_assert(!std::is_copy_constructible_v<memory_reservation>);
static_assert(!std::is_copy_assignable_v<memory_reservation>);
static_assert(std::is_nothrow_move_constructible_v<memory_reservation>);
static_assert(std::is_nothrow_move_assignable_v<memory_reservation>);

}  // namespace

BOOST_AUTO_TEST_CASE(a_reservation_charges_while_it_lives) {
  memory_tracker parent{"parent"};
  memory_tracker tracker{"tracker", parent};
  {
    const memory_reservation room{tracker, 100};
    BOOST_TEST(room.bytes() == 100u);
    BOOST_TEST(tracker.bytes_in_use() == 100u);
    BOOST_TEST(parent.bytes_in_use() == 100u);
  }
  BOOST_TEST(tracker.snapshot() == (memory_usage{.peak_bytes = 100, .total_bytes = 100}));
}

BOOST_AUTO_TEST_CASE(a_reservation_counts_as_requested_bytes_and_as_no_allocation) {
  memory_tracker tracker{"tracker"};
  const memory_reservation room{tracker, 100};
  BOOST_TEST(tracker.snapshot().requested_bytes_in_use == 100u);
  BOOST_TEST(tracker.snapshot().allocations == 0u);
}

BOOST_AUTO_TEST_CASE(a_reservation_that_does_not_fit_throws_and_charges_nothing) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  BOOST_CHECK_THROW((memory_reservation{tracker, 101}), limit_exceeded);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_reservation_asks_the_policy) {
  scripted_policy generous{100, scripted_policy::always(zpmr::limit_action::grant)};
  memory_tracker tracker{"capped", &generous};
  const memory_reservation room{tracker, 101};
  BOOST_TEST(generous.questions == 1u);
  BOOST_TEST(tracker.bytes_in_use() == 101u);
}

BOOST_AUTO_TEST_CASE(try_reserve_gives_nothing_where_it_does_not_fit_and_asks_nobody) {
  scripted_policy generous{100, scripted_policy::always(zpmr::limit_action::grant)};
  memory_tracker tracker{"capped", &generous};
  const std::optional<memory_reservation> fits = memory_reservation::try_reserve(tracker, 100);
  BOOST_REQUIRE(fits.has_value());
  BOOST_TEST(fits->bytes() == 100u);
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  BOOST_TEST(!memory_reservation::try_reserve(tracker, 1).has_value());
  BOOST_TEST(!memory_reservation::try_reserve(tracker, SIZE_MAX).has_value());
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  BOOST_TEST(tracker.snapshot().denied == 1u);
  BOOST_TEST(generous.questions == 0u);
}

BOOST_AUTO_TEST_CASE(a_reservation_of_zero_bytes_always_fits) {
  hard_limit cap{0};
  memory_tracker tracker{"nothing", &cap};
  const memory_reservation nothing{tracker, 0};
  BOOST_TEST(nothing.bytes() == 0u);
  BOOST_TEST(memory_reservation::try_reserve(tracker, 0).has_value());
}

BOOST_AUTO_TEST_CASE(moving_hands_the_charge_over) {
  memory_tracker tracker{"tracker"};
  memory_reservation first{tracker, 100};
  {
    const memory_reservation second{std::move(first)};
    BOOST_TEST(first.bytes() == 0u);
    BOOST_TEST(second.bytes() == 100u);
    BOOST_TEST(tracker.bytes_in_use() == 100u);
  }
  BOOST_TEST(tracker.bytes_in_use() == 0u);
  BOOST_TEST(tracker.snapshot().total_bytes == 100u);
}

BOOST_AUTO_TEST_CASE(assigning_takes_off_the_old_charge_also_of_another_tracker) {
  memory_tracker one{"one"};
  memory_tracker other{"other"};
  memory_reservation target{one, 100};
  memory_reservation source{other, 30};
  target = std::move(source);
  BOOST_TEST(one.bytes_in_use() == 0u);
  BOOST_TEST(other.bytes_in_use() == 30u);
  BOOST_TEST(target.bytes() == 30u);
  BOOST_TEST(source.bytes() == 0u);
  source = memory_reservation{one, 7};  // what was moved from may be assigned to
  BOOST_TEST(one.bytes_in_use() == 7u);
}

BOOST_AUTO_TEST_CASE(assigning_a_reservation_to_itself_changes_nothing) {
  memory_tracker tracker{"tracker"};
  memory_reservation room{tracker, 100};
  memory_reservation& same = room;
  room = std::move(same);
  BOOST_TEST(room.bytes() == 100u);
  BOOST_TEST(tracker.bytes_in_use() == 100u);
}

BOOST_AUTO_TEST_CASE(resizing_charges_or_takes_off_the_difference) {
  memory_tracker tracker{"tracker"};
  memory_reservation room{tracker, 100};
  room.resize(150);
  BOOST_TEST(room.bytes() == 150u);
  BOOST_TEST(tracker.bytes_in_use() == 150u);
  room.resize(20);
  BOOST_TEST(room.bytes() == 20u);
  BOOST_TEST(tracker.bytes_in_use() == 20u);
  room.resize(20);
  room.resize(0);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
  room.resize(5);
  BOOST_TEST(tracker.bytes_in_use() == 5u);
  BOOST_TEST(tracker.snapshot().total_bytes == 155u);
  BOOST_TEST(tracker.peak_bytes() == 150u);
}

BOOST_AUTO_TEST_CASE(resizing_beyond_the_limit_throws_and_changes_nothing) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  memory_reservation room{tracker, 60};
  BOOST_CHECK_THROW(room.resize(101), limit_exceeded);
  BOOST_CHECK_THROW(room.resize(SIZE_MAX), std::bad_alloc);
  BOOST_TEST(room.bytes() == 60u);
  BOOST_TEST(tracker.bytes_in_use() == 60u);
  room.resize(100);
  BOOST_TEST(tracker.bytes_in_use() == 100u);
}

BOOST_AUTO_TEST_CASE(reservations_live_in_containers) {
  memory_tracker tracker{"tracker"};
  {
    std::vector<memory_reservation> rooms;
    for (std::size_t bytes = 1; bytes <= 100; ++bytes) rooms.emplace_back(tracker, bytes);
    BOOST_TEST(tracker.bytes_in_use() == 5050u);
    rooms.erase(rooms.begin(), rooms.begin() + 50);
    BOOST_TEST(tracker.bytes_in_use() == 3775u);
  }
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}
