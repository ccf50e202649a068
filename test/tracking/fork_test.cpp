// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE fork
#include <boost/test/unit_test.hpp>
#include <deque>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/overdraft_scope.hpp>
#include <zpmr/policies.hpp>

#include "support/child_process.hpp"
#include "support/forks.hpp"

// Forks of one thread. What other threads may be at stands in fork_threads_test.cpp.

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::holds_in_child;
using zpmr::test::works_from_another_thread;

}  // namespace

BOOST_AUTO_TEST_CASE(a_child_goes_on_with_the_figures_of_its_parent) {
  hard_limit cap{1000};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  leaf.charge_block(600, 500);
  const memory_usage before = root.snapshot();
  BOOST_TEST(holds_in_child([&] {
    bool good = root.snapshot() == before && leaf.remaining() == 400;
    good = good && !leaf.try_charge(401) && leaf.try_charge(400);
    memory_tracker another{"another", root};
    leaf.uncharge(400);
    good = good && another.try_charge(400) && !another.try_charge(1);
    another.uncharge(400);
    return good && works_from_another_thread(root);
  }));
  BOOST_TEST(root.snapshot() == before);  // what the child does is its own
  leaf.uncharge_block(600, 500);
}

BOOST_AUTO_TEST_CASE(a_lease_of_which_nothing_was_charged_is_no_peak_in_the_child) {
  memory_tracker tracker{"charged with nothing"};
  tracker.charge_block(0, 0);
  BOOST_TEST(
      holds_in_child([&] { return tracker.peak_bytes() == 0 && tracker.bytes_in_use() == 0; }));
  tracker.uncharge_block(0, 0);
}

BOOST_AUTO_TEST_CASE(many_trees_survive_a_fork) {
  std::deque<memory_tracker> roots;
  for (int i = 0; i < 100; ++i) roots.emplace_back("root").charge(static_cast<std::size_t>(i));
  BOOST_TEST(holds_in_child([&] {
    bool good = true;
    for (std::size_t i = 0; i < roots.size(); ++i) {
      good = good && roots[i].bytes_in_use() == i && roots[i].try_charge(1);
    }
    return good;
  }));
  for (std::size_t i = 0; i < roots.size(); ++i) roots[i].uncharge(i);
}

BOOST_AUTO_TEST_CASE(a_child_may_fork_again) {
  memory_tracker tracker{"tracker"};
  tracker.charge(10);
  BOOST_TEST(holds_in_child([&] {
    tracker.charge(10);
    return holds_in_child([&] {
             tracker.charge(10);
             return tracker.bytes_in_use() == 30;
           }) &&
           tracker.bytes_in_use() == 20;
  }));
  tracker.uncharge(10);
}

BOOST_AUTO_TEST_CASE(an_overdraft_scope_at_the_fork_lasts_in_the_child) {
  hard_limit cap{0};
  memory_tracker tracker{"nothing", &cap};
  const zpmr::overdraft_scope scope;
  BOOST_TEST(holds_in_child([&] { return tracker.try_charge(1); }));
}

BOOST_AUTO_TEST_CASE(a_fork_inside_a_callback_is_fine) {
  class forking_policy final : public zpmr::limit_policy {
   public:
    bool good = false;
    std::size_t limit() const noexcept override { return 100; }
    zpmr::limit_action on_limit(const zpmr::limit_event& event) override {
      good = holds_in_child([&] {
        const memory_tracker child{"made in the child process"};
        return event.tracker.bytes_in_use() == 0;
      });
      return zpmr::limit_action::deny;
    }
  };
  forking_policy policy;
  memory_tracker tracker{"forking", &policy};
  BOOST_CHECK_THROW(tracker.charge(101), limit_exceeded);
  BOOST_TEST(policy.good);
}
