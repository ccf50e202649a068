// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE limit_policy_answers
#include <boost/test/unit_test.hpp>
#include <memory>
#include <vector>
#include <zpmr/limit_policy.hpp>
#include <zpmr/memory_tracker.hpp>

#include "support/scripted_policy.hpp"

namespace {

using zpmr::limit_action;
using zpmr::limit_event;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::grants;
using zpmr::test::retries;
using zpmr::test::scripted_policy;

}  // namespace

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
