// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE limit_exceeded
#include <zpmr/limit_exceeded.hpp>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <deque>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/failing_new.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::limit_event;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;

/// What `charge` throws.
limit_exceeded refusal_of(memory_tracker& tracker, std::size_t bytes) {
  try {
    tracker.charge(bytes);
  } catch (const limit_exceeded& refusal) {
    return refusal;
  }
  throw std::logic_error("not refused");
}

bool mentions(const limit_exceeded& refusal, std::string_view text) {
  return std::string_view{refusal.what()}.find(text) != std::string_view::npos;
}

static_assert(std::is_base_of_v<std::bad_alloc, limit_exceeded>);
static_assert(std::is_nothrow_copy_constructible_v<limit_exceeded>);
static_assert(std::is_nothrow_copy_assignable_v<limit_exceeded>);

}  // namespace

BOOST_AUTO_TEST_CASE(it_carries_the_facts_of_the_refusal) {
  hard_limit cap{1000};
  memory_tracker tracker{"cache", &cap};
  tracker.charge(123);
  const limit_exceeded refusal = refusal_of(tracker, 987);
  BOOST_TEST(refusal.tracker_name() == "cache");
  BOOST_TEST(refusal.requested() == 987u);
  BOOST_TEST(refusal.bytes_in_use() == 123u);
  BOOST_TEST(refusal.limit() == 1000u);
  for (const char* fact : {"cache", "987", "123", "1000"}) {
    BOOST_TEST(mentions(refusal, fact), refusal.what());
  }
  BOOST_TEST(!mentions(refusal, "\n"));
  tracker.uncharge(123);
}

BOOST_AUTO_TEST_CASE(it_speaks_of_the_full_tracker_and_not_of_the_charged_one) {
  hard_limit cap{100};
  memory_tracker root{"the full root", &cap};
  memory_tracker leaf{"the charged leaf", root};
  root.charge(70);
  const limit_exceeded refusal = refusal_of(leaf, 31);
  BOOST_TEST(refusal.tracker_name() == "the full root");
  BOOST_TEST(refusal.bytes_in_use() == 70u);
  BOOST_TEST(refusal.limit() == 100u);
  root.uncharge(70);
}

BOOST_AUTO_TEST_CASE(it_can_be_made_of_an_event) {
  const memory_tracker tracker{"anything"};
  const limit_exceeded refusal{limit_event{tracker, 987, 123, 1000, 4}};
  BOOST_TEST(refusal.tracker_name() == "anything");
  BOOST_TEST(refusal.requested() == 987u);
  BOOST_TEST(refusal.bytes_in_use() == 123u);
  BOOST_TEST(refusal.limit() == 1000u);
}

BOOST_AUTO_TEST_CASE(it_outlives_the_tracker) {
  hard_limit cap{100};
  std::optional<memory_tracker> tracker{std::in_place, "gone", &cap};
  std::optional<memory_tracker> child{std::in_place, "gone too", *tracker};
  child->charge(50);
  const limit_exceeded refusal = refusal_of(*tracker, 51);
  const std::string text = refusal.what();
  child->uncharge(50);
  child.reset();
  tracker.reset();
  BOOST_TEST(refusal.tracker_name() == "gone");
  BOOST_TEST(refusal.what() == text);
  BOOST_TEST(mentions(refusal, "gone too"));
}

BOOST_AUTO_TEST_CASE(a_copy_says_the_same_on_its_own) {
  hard_limit cap{100};
  memory_tracker tracker{"copied", &cap};
  std::optional<limit_exceeded> first{refusal_of(tracker, 101)};
  const limit_exceeded copy = *first;
  const std::string text = first->what();
  first.reset();
  BOOST_TEST(copy.what() == text);
  BOOST_TEST(copy.tracker_name() == "copied");
}

BOOST_AUTO_TEST_CASE(a_long_name_is_cut) {
  const std::string name = std::string(limit_exceeded::name_capacity, 'n') + "CUT OFF";
  hard_limit cap{100};
  memory_tracker tracker{name, &cap};
  const limit_exceeded refusal = refusal_of(tracker, 101);
  BOOST_TEST(refusal.tracker_name() == std::string(limit_exceeded::name_capacity, 'n'));
  BOOST_TEST(!mentions(refusal, "CUT OFF"));
  BOOST_TEST(mentions(refusal, "101"));

  const std::string fitting(limit_exceeded::name_capacity, 'f');
  memory_tracker other{fitting, &cap};
  BOOST_TEST(refusal_of(other, 101).tracker_name() == fitting);
}

BOOST_AUTO_TEST_CASE(an_empty_name_is_fine) {
  hard_limit cap{100};
  memory_tracker tracker{"", &cap};
  const limit_exceeded refusal = refusal_of(tracker, 101);
  BOOST_TEST(refusal.tracker_name().empty());
  BOOST_TEST(mentions(refusal, "101"));
}

BOOST_AUTO_TEST_CASE(it_names_the_three_children_that_hold_the_most) {
  hard_limit cap{10'000};
  memory_tracker root{"root", &cap};
  memory_tracker smallest{"child-smallest", root};
  memory_tracker second{"child-second", root};
  memory_tracker fourth{"child-fourth", root};
  memory_tracker first{"child-first", root};
  memory_tracker third{"child-third", root};
  memory_tracker grandchild{"child-of-a-child", first};
  smallest.charge(1);
  fourth.charge(1111);
  third.charge(2222);
  second.charge(2444);
  grandchild.charge(2666);
  const limit_exceeded refusal = refusal_of(smallest, 9000);
  for (const char* fact : {"child-first", "2666", "child-second", "2444", "child-third", "2222"}) {
    BOOST_TEST(mentions(refusal, fact), refusal.what());
  }
  for (const char* other : {"child-fourth", "child-smallest", "child-of-a-child"}) {
    BOOST_TEST(!mentions(refusal, other), refusal.what());
  }
  grandchild.uncharge(2666);
  second.uncharge(2444);
  third.uncharge(2222);
  fourth.uncharge(1111);
  smallest.uncharge(1);
}

BOOST_AUTO_TEST_CASE(fewer_children_than_three_are_all_named) {
  hard_limit cap{100};
  memory_tracker root{"root", &cap};
  memory_tracker one{"only-one", root};
  one.charge(50);
  const limit_exceeded refusal = refusal_of(root, 51);
  BOOST_TEST(mentions(refusal, "only-one"), refusal.what());
  one.uncharge(50);
}

BOOST_AUTO_TEST_CASE(long_names_of_children_leave_the_text_whole) {
  constexpr std::size_t huge = PTRDIFF_MAX / 4;
  memory_tracker root{std::string(1000, 'r')};
  std::deque<memory_tracker> children;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    children.emplace_back(std::string(1000, letter), root).charge(huge);
  }
  root.set_limit(4 * huge);
  const limit_exceeded refusal = refusal_of(root, huge);
  const std::string_view text{refusal.what()};
  BOOST_TEST(text.size() < 512u);
  for (const char* name : {"aaaa", "bbbb", "cccc"}) {
    BOOST_TEST(mentions(refusal, name), refusal.what());
  }
  for (memory_tracker& child : children) child.uncharge(huge);
  while (!children.empty()) children.pop_back();
}

BOOST_AUTO_TEST_CASE(nothing_is_allocated) {
  hard_limit cap{100};
  memory_tracker root{"a name that is too long to be kept inside a std::string", &cap};
  memory_tracker one{"another name that is too long for a std::string", root};
  memory_tracker other{"yet another name that is too long for a std::string", root};
  one.charge(10);
  other.charge(20);
  zpmr::test::check_takes_nothing([&] {
    const limit_exceeded refusal = refusal_of(one, 101);
    const limit_exceeded copy = refusal;
    (void)copy.what();
    (void)copy.tracker_name();
  });
  one.uncharge(10);
  other.uncharge(20);
}

BOOST_AUTO_TEST_CASE(a_refusal_survives_children_that_come_and_go_meanwhile) {
  hard_limit cap{100};
  memory_tracker root{"root", &cap};
  std::atomic<bool> done{false};
  std::jthread coming_and_going{[&] {
    while (!done) {
      memory_tracker child{"passing", root};
      child.charge(10);
      child.uncharge(10);
    }
  }};
  for (int i = 0; i < 2000; ++i) {
    const limit_exceeded refusal = refusal_of(root, 101);
    if (refusal.requested() != 101 || refusal.limit() != 100) BOOST_ERROR(refusal.what());
  }
  done = true;
}
