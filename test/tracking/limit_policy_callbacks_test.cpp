// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE limit_policy_callbacks
#include <boost/test/unit_test.hpp>
#include <thread>
#include <zpmr/counting_resource.hpp>
#include <zpmr/limit_policy.hpp>
#include <zpmr/memory_tracker.hpp>

#include "support/probe_resource.hpp"
#include "support/scripted_policy.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::limit_action;
using zpmr::limit_event;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::callback_failed;
using zpmr::test::grants;
using zpmr::test::probe_resource;
using zpmr::test::scripted_policy;
using zpmr::test::throws;

/// What may change when a charge is undone: the count of denials, where the design is silent.
memory_usage without_denials(memory_usage usage) {
  usage.denied = 0;
  return usage;
}

}  // namespace

// ---- Callbacks that throw.

BOOST_AUTO_TEST_CASE(a_throwing_policy_undoes_the_charge_and_its_exception_passes) {
  scripted_policy of_leaf{10, grants};
  scripted_policy of_root{100, throws};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  leaf.charge(5);
  const memory_usage leaf_before = leaf.snapshot();
  const memory_usage root_before = root.snapshot();
  BOOST_CHECK_THROW(leaf.charge(101), callback_failed);
  BOOST_CHECK_THROW(leaf.charge_block(128, 101), callback_failed);
  BOOST_TEST(without_denials(leaf.snapshot()) == leaf_before);
  BOOST_TEST(without_denials(root.snapshot()) == root_before);

  of_root.when_full = grants;  // the next charge is asked as ever
  leaf.charge(101);
  BOOST_TEST(of_root.questions == 3u);
  leaf.uncharge(106);
}

BOOST_AUTO_TEST_CASE(a_throwing_notification_undoes_the_charge_and_its_exception_passes) {
  scripted_policy policy{100, grants};
  policy.when_overdrawn = [](const limit_event&) { throw callback_failed{}; };
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root, &policy};
  memory_usage before = without_denials(leaf.snapshot());
  BOOST_CHECK_THROW(leaf.charge(101), callback_failed);
  memory_usage after = without_denials(leaf.snapshot());
  before.peak_bytes = after.peak_bytes = 0;
  before.overdrafts = after.overdrafts = 0;
  BOOST_TEST(after == before);
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.snapshot().total_bytes == 0u);
}

// ---- What a callback may do.

BOOST_AUTO_TEST_CASE(charges_inside_a_callback_ask_nobody) {
  scripted_policy of_other{10, grants};
  memory_tracker other{"other", &of_other};
  memory_tracker* charged = nullptr;
  scripted_policy policy{100, [&](const limit_event&) {
                           BOOST_CHECK_THROW(charged->charge(101), limit_exceeded);
                           BOOST_CHECK_THROW(other.charge(11), limit_exceeded);
                           other.charge(10);  // fits
                           charged->charge(1);
                           return limit_action::deny;
                         }};
  memory_tracker tracker{"capped", &policy};
  charged = &tracker;
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(policy.questions == 1u);
  BOOST_TEST(of_other.questions == 0u);
  BOOST_TEST(tracker.bytes_in_use() == 1u);
  BOOST_TEST(tracker.snapshot().denied == 2u);
  BOOST_TEST(other.bytes_in_use() == 10u);
  tracker.uncharge(1);

  other.charge(1);  // outside the callback it is asked again
  BOOST_TEST(of_other.questions == 1u);
  other.uncharge(11);
}

BOOST_AUTO_TEST_CASE(charges_inside_a_notification_ask_nobody) {
  scripted_policy of_other{10, grants};
  memory_tracker other{"other", &of_other};
  scripted_policy policy{100, grants};
  policy.when_overdrawn = [&](const limit_event&) {
    BOOST_CHECK_THROW(other.charge(11), limit_exceeded);
  };
  memory_tracker tracker{"generous", &policy};
  tracker.charge(101);
  BOOST_TEST(policy.crossings == 1u);
  BOOST_TEST(of_other.questions == 0u);
  tracker.uncharge(101);
}

BOOST_AUTO_TEST_CASE(an_exception_from_a_callback_ends_the_callback) {
  scripted_policy policy{100, throws};
  memory_tracker tracker{"capped", &policy};
  BOOST_CHECK_THROW(tracker.charge(101), callback_failed);
  BOOST_CHECK_THROW(tracker.charge(101), callback_failed);  // asked again, so not "inside" any more
  BOOST_TEST(policy.questions == 2u);
}

BOOST_AUTO_TEST_CASE(no_lock_is_held_in_a_callback) {
  memory_tracker* charged = nullptr;
  scripted_policy policy{100, [&](const limit_event& event) {
                           // Another thread would wait for a lock for ever.
                           std::jthread{[&] {
                             charged->charge(10);
                             charged->uncharge(10);
                             memory_tracker child{"made inside", *charged};
                             child.charge(1);
                             child.uncharge(1);
                             const memory_tracker root{"root made inside"};
                             zpmr::for_each_tracker([](const memory_tracker&) {});
                           }}.join();
                           memory_tracker child{"made by the callback itself", *charged};
                           child.charge(1);
                           child.uncharge(1);
                           event.tracker.for_each_child([](const memory_tracker&) {});
                           return limit_action::deny;
                         }};
  policy.when_overdrawn = [&](const limit_event& event) { (void)policy.when_full(event); };
  policy.when_out_of_memory = policy.when_full;
  memory_tracker tracker{"capped", &policy};
  charged = &tracker;
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);

  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  zpmr::counting_resource memory{&upstream, tracker};
  BOOST_CHECK_THROW((void)memory.allocate(10), std::bad_alloc);
  BOOST_TEST(policy.failures == 1u);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(no_lock_is_held_in_a_notification) {
  memory_tracker* charged = nullptr;
  scripted_policy policy{100, grants};
  policy.when_overdrawn = [&](const limit_event&) {
    std::jthread{[&] {
      (void)charged->try_charge(0);
      charged->uncharge(1);
    }}.join();
    const memory_tracker child{"made by the notification", *charged};
  };
  memory_tracker tracker{"generous", &policy};
  charged = &tracker;
  tracker.charge(101);
  BOOST_TEST(policy.crossings == 1u);
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_callback_may_replace_the_policy) {
  memory_tracker* charged = nullptr;
  scripted_policy second{0, grants};
  scripted_policy first{100, [&](const limit_event&) {
                          charged->set_policy(&second);
                          return limit_action::retry;
                        }};
  memory_tracker tracker{"capped", &first};
  charged = &tracker;
  tracker.charge(101);
  BOOST_TEST(first.questions == 1u);
  BOOST_TEST(second.questions == 1u);
  tracker.uncharge(101);
}

BOOST_AUTO_TEST_CASE(callbacks_may_run_on_several_threads_at_once) {
  std::latch all_inside{4};
  scripted_policy policy{100, [&](const limit_event&) {
                           all_inside.arrive_and_wait();  // hangs if they were one after another
                           return limit_action::deny;
                         }};
  memory_tracker tracker{"capped", &policy};
  std::atomic<unsigned> refused{0};
  zpmr::test::run_together(4, [&](unsigned) {
    try {
      tracker.charge(101);
    } catch (const limit_exceeded&) {
      ++refused;
    }
  });
  BOOST_TEST(refused == 4u);
  BOOST_TEST(tracker.snapshot().denied == 4u);
}

BOOST_AUTO_TEST_CASE(a_policy_may_be_replaced_while_others_charge) {
  scripted_policy one{100, grants};
  scripted_policy other{100};
  memory_tracker tracker{"capped", &one};
  std::atomic<bool> done{false};
  std::jthread replacing{[&] {
    while (!done) {
      tracker.set_policy(&other);
      tracker.set_policy(nullptr);
      tracker.set_policy(&one);
    }
  }};
  std::atomic<std::uint64_t> refused{0};
  zpmr::test::run_together(4, [&](unsigned) {
    for (int i = 0; i < 2000; ++i) {
      try {
        tracker.charge(101);
        tracker.uncharge(101);
      } catch (const limit_exceeded&) {
        ++refused;
      }
    }
  });
  done = true;
  replacing.join();
  BOOST_TEST(tracker.bytes_in_use() == 0u);
  BOOST_TEST(tracker.limit() == 100u);
  BOOST_TEST(tracker.snapshot().denied == refused);
  BOOST_TEST(tracker.snapshot().overdrafts == 8000u - refused);
}
