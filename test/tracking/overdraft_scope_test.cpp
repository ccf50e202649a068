// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE overdraft_scope
#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <thread>
#include <zpmr/counting_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/scripted_policy.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::limit_action;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::overdraft_scope;
using zpmr::test::scripted_policy;

}  // namespace

BOOST_AUTO_TEST_CASE(every_charge_passes_every_limit_of_the_path) {
  hard_limit cap{100};
  hard_limit small_cap{10};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root, &small_cap};
  {
    const overdraft_scope scope;
    leaf.charge(200);
    BOOST_TEST(leaf.try_charge(100));
    leaf.charge_block(50, 40);
  }
  BOOST_TEST(leaf.bytes_in_use() == 350u);
  BOOST_TEST(root.bytes_in_use() == 350u);
  BOOST_TEST(leaf.peak_bytes() == 350u);
  BOOST_TEST(!leaf.try_charge(1));
  leaf.uncharge_block(50, 40);
  leaf.uncharge(300);
}

BOOST_AUTO_TEST_CASE(the_limit_holds_again_after_it) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  { const overdraft_scope scope; }
  BOOST_TEST(!tracker.try_charge(101));
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
}

BOOST_AUTO_TEST_CASE(what_did_not_fit_is_counted_once_at_each_node_of_the_path) {
  hard_limit cap{100};
  hard_limit small_cap{10};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root, &small_cap};
  memory_tracker sibling{"sibling", root};
  const overdraft_scope scope;
  leaf.charge(10);  // fits
  leaf.charge(0);
  BOOST_TEST(leaf.snapshot().overdrafts == 0u);
  leaf.charge(1);                     // full here
  BOOST_TEST(leaf.try_charge(1000));  // full here and above
  BOOST_TEST(leaf.snapshot().overdrafts == 2u);
  BOOST_TEST(root.snapshot().overdrafts == 2u);
  BOOST_TEST(sibling.try_charge(1));  // full above
  BOOST_TEST(sibling.snapshot().overdrafts == 1u);
  BOOST_TEST(root.snapshot().overdrafts == 3u);
  BOOST_TEST(leaf.snapshot().denied == 0u);
  BOOST_TEST(root.snapshot().denied == 0u);
  leaf.uncharge(1011);
  sibling.uncharge(1);
}

BOOST_AUTO_TEST_CASE(no_policy_is_asked_or_told) {
  scripted_policy policy{100};
  memory_tracker tracker{"capped", &policy};
  const overdraft_scope scope;
  tracker.charge(101);
  BOOST_TEST(policy.questions == 0u);
  BOOST_TEST(policy.crossings == 0u);
  tracker.uncharge(101);
}

BOOST_AUTO_TEST_CASE(scopes_nest) {
  hard_limit cap{0};
  memory_tracker tracker{"nothing", &cap};
  {
    const overdraft_scope outer;
    {
      const overdraft_scope inner;
      BOOST_TEST(tracker.try_charge(1));
    }
    BOOST_TEST(tracker.try_charge(1));
  }
  BOOST_TEST(!tracker.try_charge(1));
  tracker.uncharge(2);
}

BOOST_AUTO_TEST_CASE(a_scope_is_for_its_own_thread_only) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  const overdraft_scope scope;
  bool passed = true;
  std::jthread{[&] { passed = tracker.try_charge(101); }}.join();
  BOOST_TEST(!passed);
  BOOST_TEST(tracker.try_charge(101));
  tracker.uncharge(101);
}

BOOST_AUTO_TEST_CASE(usage_above_the_limit_is_a_debt) {
  hard_limit cap{100};
  memory_tracker tracker{"capped", &cap};
  {
    const overdraft_scope scope;
    tracker.charge(150);
  }
  tracker.uncharge(50);
  BOOST_TEST(!tracker.try_charge(1));
  tracker.uncharge(1);
  BOOST_TEST(tracker.try_charge(1));
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_scope_inside_a_callback_lets_the_callbacks_charges_pass) {
  hard_limit nothing{0};
  memory_tracker working_memory{"of the callback", &nothing};
  bool refused_before = false;
  bool passed_inside = false;
  scripted_policy policy{100, [&](const zpmr::limit_event&) {
                           refused_before = !working_memory.try_charge(10);
                           const overdraft_scope scope;
                           passed_inside = working_memory.try_charge(10);
                           return limit_action::deny;
                         }};
  memory_tracker tracker{"capped", &policy};
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(refused_before);
  BOOST_TEST(passed_inside);
  working_memory.uncharge(10);
}

BOOST_AUTO_TEST_CASE(containers_pass_too) {
  hard_limit cap{0};
  zpmr::counting_resource memory{std::pmr::new_delete_resource(), "nothing", &cap};
  std::pmr::vector<char> text{&memory};
  BOOST_CHECK_THROW(text.resize(100), limit_exceeded);
  {
    const overdraft_scope scope;
    text.resize(100);
  }
  BOOST_TEST(memory.bytes_in_use() == 100u);
  BOOST_TEST(memory.snapshot().overdrafts == 1u);
}
