// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE limit_policy
#include <zpmr/limit_policy.hpp>

#include <boost/test/unit_test.hpp>
#include <memory>
#include <memory_resource>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>
#include <zpmr/counting_resource.hpp>
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
using zpmr::test::probe_resource;
using zpmr::test::scripted_policy;

struct callback_failed : std::runtime_error {
  callback_failed() : std::runtime_error("the callback failed") {}
};

const auto throws = [](const limit_event&) -> limit_action { throw callback_failed{}; };
const auto grants = scripted_policy::always(limit_action::grant);
const auto retries = scripted_policy::always(limit_action::retry);

/// What may change when a charge is undone: the count of denials, where the design is silent.
memory_usage without_denials(memory_usage usage) {
  usage.denied = 0;
  return usage;
}

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

// ---- Answers.

BOOST_AUTO_TEST_CASE(deny_refuses_at_once) {
  scripted_policy policy{100};
  memory_tracker tracker{"capped", &policy};
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(policy.questions == 1u);
  BOOST_TEST(tracker.snapshot().denied == 1u);
}

BOOST_AUTO_TEST_CASE(retry_looks_again_and_attempts_are_counted_from_one_for_each_charge) {
  std::vector<unsigned> attempts;
  memory_tracker* charged = nullptr;
  scripted_policy policy{100, [&](const limit_event& event) {
                           attempts.push_back(event.attempt);
                           BOOST_TEST(event.bytes_in_use == charged->bytes_in_use());
                           charged->uncharge(1);
                           return limit_action::retry;
                         }};
  memory_tracker tracker{"capped", &policy};
  charged = &tracker;
  tracker.charge(100);
  tracker.charge(3);
  tracker.charge(2);
  BOOST_TEST((attempts == std::vector<unsigned>{1, 2, 3, 1, 2}));
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  BOOST_TEST(tracker.snapshot().denied == 0u);
  BOOST_TEST(tracker.snapshot().overdrafts == 0u);
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_charge_asks_at_most_a_thousand_times) {
  scripted_policy policy{100, retries};
  memory_tracker tracker{"capped", &policy};
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(policy.questions == 1000u);
  BOOST_TEST(tracker.snapshot().denied == 1u);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(the_thousand_questions_are_for_the_whole_path) {
  memory_tracker* root_of_all = nullptr;
  memory_tracker* leaf_of_all = nullptr;
  // Each makes the other full.
  scripted_policy of_root{100, [&](const limit_event&) {
                            root_of_all->set_limit(1000);
                            leaf_of_all->set_limit(100);
                            return limit_action::retry;
                          }};
  scripted_policy of_leaf{100, [&](const limit_event&) {
                            leaf_of_all->set_limit(1000);
                            root_of_all->set_limit(100);
                            return limit_action::retry;
                          }};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  root_of_all = &root;
  leaf_of_all = &leaf;
  BOOST_CHECK_THROW(leaf.charge(101), limit_exceeded);
  BOOST_TEST(of_root.questions + of_leaf.questions == 1000u);
  BOOST_TEST(leaf.snapshot().denied == 1u);
  BOOST_TEST(root.snapshot().denied == 1u);
}

BOOST_AUTO_TEST_CASE(a_policy_may_raise_the_limit) {
  memory_tracker* charged = nullptr;
  scripted_policy policy{100, [&](const limit_event& event) {
                           charged->set_limit(event.limit * 2);
                           return limit_action::retry;
                         }};
  memory_tracker tracker{"growing", &policy};
  charged = &tracker;
  tracker.charge(350);
  BOOST_TEST(tracker.limit() == 400u);
  BOOST_TEST(policy.questions == 2u);
  BOOST_TEST(tracker.snapshot().overdrafts == 0u);
  tracker.uncharge(350);
}

BOOST_AUTO_TEST_CASE(grant_lets_one_charge_pass) {
  scripted_policy policy{100, grants};
  memory_tracker tracker{"generous", &policy};
  tracker.charge(150);
  tracker.charge_block(10, 8);
  BOOST_TEST(policy.questions == 2u);
  BOOST_TEST(tracker.bytes_in_use() == 160u);
  BOOST_TEST(tracker.snapshot().overdrafts == 2u);
  BOOST_TEST(tracker.snapshot().denied == 0u);
  BOOST_TEST(!tracker.try_charge(1));
  tracker.uncharge_block(10, 8);
  tracker.uncharge(150);
}

BOOST_AUTO_TEST_CASE(grant_is_for_one_node_and_the_next_is_still_asked) {
  scripted_policy of_leaf{10, grants};
  scripted_policy of_root{100, grants};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  leaf.charge(11);
  BOOST_TEST(of_leaf.questions == 1u);
  BOOST_TEST(of_root.questions == 0u);
  leaf.charge(100);
  BOOST_TEST(of_leaf.questions == 2u);
  BOOST_TEST(of_root.questions == 1u);
  BOOST_TEST(leaf.snapshot().overdrafts == 2u);  // each charge once, whatever it overdrew
  BOOST_TEST(root.snapshot().overdrafts == 2u);
  leaf.uncharge(111);
}

BOOST_AUTO_TEST_CASE(a_node_that_granted_is_not_asked_again_for_the_same_charge) {
  scripted_policy of_leaf{10, grants};
  std::vector<unsigned> attempts;
  scripted_policy of_root{100, [&](const limit_event& event) {
                            attempts.push_back(event.attempt);
                            return attempts.size() < 5 ? limit_action::retry : limit_action::grant;
                          }};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  leaf.charge(101);
  BOOST_TEST(of_leaf.questions == 1u);
  BOOST_TEST(of_root.questions == 5u);
  BOOST_TEST(leaf.snapshot().overdrafts == 1u);
  BOOST_TEST(attempts.back() - attempts.front() == 4u);
  leaf.uncharge(101);
}

BOOST_AUTO_TEST_CASE(many_nodes_may_grant_one_charge) {
  scripted_policy generous{10, grants};
  std::vector<std::unique_ptr<memory_tracker>> chain;
  chain.push_back(std::make_unique<memory_tracker>("root", &generous));
  for (int depth = 1; depth < 30; ++depth) {
    chain.push_back(std::make_unique<memory_tracker>("node", *chain.back(), &generous));
  }
  chain.back()->charge(11);
  BOOST_TEST(generous.questions == 30u);
  BOOST_TEST(generous.crossings == 30u);
  BOOST_TEST(chain.front()->snapshot().overdrafts == 1u);
  BOOST_TEST(chain.back()->snapshot().overdrafts == 1u);
  chain.back()->uncharge(11);
  while (!chain.empty()) chain.pop_back();
}

BOOST_AUTO_TEST_CASE(when_a_later_node_denies_nothing_was_overdrawn) {
  scripted_policy of_leaf{10, grants};
  scripted_policy of_root{100};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  memory_usage expected_of_leaf = leaf.snapshot();
  memory_usage expected_of_root = root.snapshot();
  expected_of_leaf.denied = expected_of_root.denied = 1;
  BOOST_CHECK_THROW(leaf.charge(101), limit_exceeded);
  BOOST_TEST(leaf.snapshot() == expected_of_leaf);
  BOOST_TEST(root.snapshot() == expected_of_root);
  BOOST_TEST(of_leaf.questions == 1u);
  BOOST_TEST(of_leaf.crossings == 0u);
}

BOOST_AUTO_TEST_CASE(a_grant_that_was_not_needed_in_the_end_is_no_overdraft) {
  memory_tracker* leaf_of_all = nullptr;
  scripted_policy of_leaf{10, grants};
  scripted_policy of_root{100, [&](const limit_event&) {
                            leaf_of_all->set_limit(1000);
                            leaf_of_all->parent()->set_limit(1000);
                            return limit_action::retry;
                          }};
  memory_tracker root{"root", &of_root};
  memory_tracker leaf{"leaf", root, &of_leaf};
  leaf_of_all = &leaf;
  leaf.charge(101);
  BOOST_TEST(leaf.snapshot().overdrafts == 0u);
  BOOST_TEST(root.snapshot().overdrafts == 0u);
  BOOST_TEST(of_leaf.crossings == 0u);
  leaf.uncharge(101);
}

// ---- Charges that never fit.

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

// ---- Crossings.

BOOST_AUTO_TEST_CASE(a_crossing_is_told_once_until_usage_is_within_the_limit_again) {
  std::vector<limit_event> told;
  scripted_policy policy{100, grants};
  policy.when_overdrawn = [&](const limit_event& event) { told.push_back(event); };
  memory_tracker tracker{"generous", &policy};
  tracker.charge(100);
  BOOST_TEST(told.empty());
  tracker.charge(20);
  tracker.charge(20);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(&told[0].tracker == &tracker);
  BOOST_TEST(told[0].requested == 20u);
  BOOST_TEST(told[0].bytes_in_use == 100u);
  BOOST_TEST(told[0].limit == 100u);
  tracker.uncharge(39);
  tracker.charge(1);  // still above
  BOOST_TEST(told.size() == 1u);
  tracker.uncharge(2);  // 100: within
  tracker.charge(1);
  BOOST_TEST(told.size() == 2u);
  tracker.uncharge(101);
}

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

// ---- Running out of memory.

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
