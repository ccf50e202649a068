// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_hardening

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <zpmr/limit_exceeded.hpp>
#include <zpmr/memory_reservation.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/overdraft_scope.hpp>
#include <zpmr/pending_block.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/usage_scope.hpp>

#include "support/failing_new.hpp"
#include "support/scripted_policy.hpp"

namespace {

using zpmr::limit_action;
using zpmr::limit_event;
using zpmr::memory_tracker;
using zpmr::test::check_takes_nothing;
using zpmr::test::fail_each_new;
using zpmr::test::scripted_policy;

constexpr const char* long_name = "a name that is too long for the string's own buffer";

std::size_t roots() {
  std::size_t count = 0;
  zpmr::for_each_tracker([&](const memory_tracker&) { ++count; });
  return count;
}

/// Effects: takes a block from operator new, and gives it back.
void allocate_by_new() {
  int* const volatile taken = new int;  // volatile: else the compiler may do without the block
  delete taken;
}

/// What a policy answers that needs memory itself.
scripted_policy::answer after_allocating(limit_action action) {
  return [action](const limit_event&) {
    allocate_by_new();
    return action;
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_root_that_finds_no_memory_was_never_there) {
  const std::size_t before = roots();
  std::size_t wrong = 0;
  BOOST_TEST(fail_each_new({}, [&] {
               try {
                 memory_tracker tracker{long_name};
                 wrong += roots() != before + 1;
                 tracker.charge(10);
                 tracker.uncharge(10);
               } catch (...) {
                 wrong += roots() != before;
                 throw;
               }
             }) == 2u);
  BOOST_TEST(wrong == 0u);
}

BOOST_AUTO_TEST_CASE(a_child_that_finds_no_memory_leaves_its_parent_as_it_was) {
  zpmr::hard_limit cap{1000};
  memory_tracker parent{"parent", &cap};
  parent.charge(100);
  BOOST_TEST(fail_each_new({&parent}, [&] {
               memory_tracker child{long_name, parent, &cap};
               memory_tracker grandchild{long_name, child};
               grandchild.charge(900);
               grandchild.uncharge(900);
             }) == 4u);
  std::size_t children = 0;
  parent.for_each_child([&](const memory_tracker&) { ++children; });
  BOOST_TEST(children == 0u);
  BOOST_TEST(parent.remaining() == 900u);
  parent.uncharge(100);
}

BOOST_AUTO_TEST_CASE(charging_reading_and_refusing_take_nothing) {
  zpmr::hard_limit cap{1000};
  memory_tracker root{long_name, &cap};
  memory_tracker leaf{long_name, root};
  check_takes_nothing([&] {
    leaf.charge(100);
    leaf.charge_block(100, 90);
    static_cast<void>(leaf.try_charge(2000));
    try {
      leaf.charge(2000);
    } catch (const zpmr::limit_exceeded&) {
    }
    static_cast<void>(root.snapshot());
    static_cast<void>(root.remaining());
    root.reset_peak();
    static_cast<void>(root.try_set_limit(900));
    root.set_limit(1000);
    root.set_policy(root.set_policy(nullptr));
    leaf.uncharge_block(100, 90);
    leaf.uncharge(100);
  });
}

BOOST_AUTO_TEST_CASE(reservations_scopes_and_pending_blocks_take_nothing) {
  memory_tracker tracker{"tracker"};
  check_takes_nothing([&] {
    const zpmr::usage_scope scope{tracker};
    zpmr::memory_reservation reservation{tracker, 100};
    reservation.resize(1000);
    const auto second = zpmr::memory_reservation::try_reserve(tracker, 50);
    const zpmr::overdraft_scope overdraft;
    const zpmr::pending_block block{tracker, 10, 10};
    static_cast<void>(scope.peak_bytes());
  });
}

BOOST_AUTO_TEST_CASE(a_policy_is_made_whole_or_not_at_all) {
  const std::string first = long_name;  // makes the functions too large to be kept without memory
  const std::string second = long_name;
  BOOST_TEST(
      fail_each_new({}, [&] {
        zpmr::soft_limit soft{10, [first, second](const limit_event&) {}};
        zpmr::evicting_limit evicting{10, [first, second](const limit_event&) { return false; }};
        memory_tracker tracker{"tracker", &soft};
        tracker.charge(20);
        tracker.uncharge(20);
      }) >= 12u);
}

BOOST_AUTO_TEST_CASE(a_policy_that_finds_no_memory_undoes_the_charge) {
  for (const limit_action action : {limit_action::deny, limit_action::grant}) {
    scripted_policy policy{100, after_allocating(action)};
    memory_tracker root{"root", &policy};
    memory_tracker leaf{"leaf", root};
    leaf.charge(60);
    BOOST_TEST(fail_each_new({&root, &leaf}, [&] {
                 try {
                   leaf.charge_block(64, 60);
                   leaf.uncharge_block(64, 60);
                 } catch (const zpmr::limit_exceeded&) {
                 }
               }) == 2u);
    BOOST_TEST(root.snapshot().total_bytes ==
               root.snapshot().bytes_in_use + (action == limit_action::grant ? 128u : 0u));
    leaf.uncharge(60);
  }
}

BOOST_AUTO_TEST_CASE(a_notification_that_finds_no_memory_undoes_the_overdraft) {
  zpmr::soft_limit soft{100, [](const limit_event&) { allocate_by_new(); }};
  memory_tracker root{"root", &soft};
  memory_tracker leaf{"leaf", root};
  BOOST_TEST(fail_each_new({&root, &leaf}, [&] {
               leaf.charge(101);
               leaf.uncharge(101);
             }) == 2u);
  BOOST_TEST(root.snapshot().overdrafts == 2u);  // those of the runs without a failure
  BOOST_TEST(root.snapshot().total_bytes == 202u);
}

BOOST_AUTO_TEST_CASE(an_eviction_that_finds_no_memory_leaves_what_it_has_evicted_evicted) {
  std::optional<memory_tracker> cache;
  zpmr::evicting_limit evicting{100, [&](const limit_event&) {
                                  allocate_by_new();
                                  if (cache->bytes_in_use() == 0) return false;
                                  cache->uncharge(10);
                                  allocate_by_new();
                                  return true;
                                }};
  memory_tracker root{"root", &evicting};
  cache.emplace("cache", root);
  BOOST_TEST(fail_each_new({&root, &*cache}, [&] {
               const std::size_t filled = 90;
               cache->charge(filled);
               try {
                 root.charge(50);
                 root.uncharge(50);
               } catch (...) {
                 cache->uncharge(cache->bytes_in_use());
                 throw;
               }
               cache->uncharge(cache->bytes_in_use());
             }) == 16u);
  BOOST_TEST(root.bytes_in_use() == 0u);
  cache.reset();
}

BOOST_AUTO_TEST_CASE(a_policy_asked_when_the_upstream_failed_may_find_no_memory_either) {
  scripted_policy policy{1000};
  policy.when_out_of_memory = after_allocating(limit_action::retry);
  memory_tracker tracker{"tracker", &policy};
  BOOST_TEST(fail_each_new({&tracker}, [&] {
               const zpmr::pending_block block{tracker, 10, 10};
               static_cast<void>(block.retry_out_of_memory(1));
             }) == 2u);
  BOOST_TEST(tracker.snapshot() == (zpmr::memory_usage{.peak_bytes = 10, .limit = 1000}));
}
