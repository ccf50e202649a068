// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_tree
#include <boost/test/unit_test.hpp>
#include <deque>
#include <string>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/pending_block.hpp>
#include <zpmr/policies.hpp>

namespace {

using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::no_limit;

}  // namespace

BOOST_AUTO_TEST_CASE(a_trackers_figures_include_its_childrens) {
  memory_tracker root{"root"};
  memory_tracker branch{"branch", root};
  memory_tracker leaf{"leaf", branch};
  memory_tracker other{"other", root};
  BOOST_TEST(leaf.parent() == &branch);

  leaf.charge_block(64, 40);
  branch.charge(10);
  other.charge_block(32, 32);
  other.uncharge_block(32, 32);
  root.charge(1);

  BOOST_TEST(leaf.snapshot() == (memory_usage{.bytes_in_use = 64,
                                              .requested_bytes_in_use = 40,
                                              .peak_bytes = 64,
                                              .total_bytes = 64,
                                              .allocations = 1}));
  BOOST_TEST(branch.snapshot() == (memory_usage{.bytes_in_use = 74,
                                                .requested_bytes_in_use = 50,
                                                .peak_bytes = 74,
                                                .total_bytes = 74,
                                                .allocations = 1}));
  BOOST_TEST(root.snapshot() == (memory_usage{.bytes_in_use = 75,
                                              .requested_bytes_in_use = 51,
                                              .peak_bytes = 106,
                                              .total_bytes = 107,
                                              .allocations = 2,
                                              .deallocations = 1}));
  leaf.uncharge_block(64, 40);
  branch.uncharge(10);
  root.uncharge(1);
}

BOOST_AUTO_TEST_CASE(a_pending_block_that_is_not_kept_is_taken_back_on_the_whole_path) {
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  { const zpmr::pending_block never_there{leaf, 64, 40}; }
  BOOST_TEST(leaf.snapshot() == (memory_usage{.peak_bytes = 64}));
  BOOST_TEST(root.snapshot() == (memory_usage{.peak_bytes = 64}));
}

BOOST_AUTO_TEST_CASE(a_charge_that_the_root_refuses_leaves_nothing_below) {
  hard_limit cap{100};
  memory_tracker root{"root", &cap};
  memory_tracker branch{"branch", root};
  memory_tracker leaf{"leaf", branch};
  leaf.charge(60);
  const auto with_a_denial = [](memory_usage usage) {
    ++usage.denied;
    return usage;
  };
  const memory_usage of_leaf = with_a_denial(leaf.snapshot());
  const memory_usage of_branch = with_a_denial(branch.snapshot());
  const memory_usage of_root = with_a_denial(root.snapshot());
  BOOST_CHECK_THROW(leaf.charge(41), limit_exceeded);
  BOOST_TEST(leaf.snapshot() == of_leaf);
  BOOST_TEST(branch.snapshot() == of_branch);
  BOOST_TEST(root.snapshot() == of_root);
  BOOST_TEST(leaf.try_charge(40));
  leaf.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_refusal_takes_no_room_from_siblings_or_smaller_charges) {
  hard_limit cap{100};
  hard_limit small_cap{10};
  memory_tracker root{"root", &cap};
  memory_tracker big{"big", root};
  memory_tracker small{"small", root, &small_cap};
  BOOST_TEST(!big.try_charge(101));
  BOOST_TEST(!small.try_charge(11));
  BOOST_TEST(small.try_charge(10));
  BOOST_TEST(big.try_charge(90));
  big.uncharge(90);
  small.uncharge(10);
}

BOOST_AUTO_TEST_CASE(every_node_on_the_path_can_refuse) {
  constexpr std::size_t depth = 40;
  for (std::size_t tight = 0; tight < depth; ++tight) {
    std::deque<memory_tracker> chain;
    chain.emplace_back("0");
    for (std::size_t i = 1; i < depth; ++i) chain.emplace_back(std::to_string(i), chain.back());
    chain[tight].set_limit(100);
    try {
      chain.back().charge(101);
      BOOST_ERROR("not refused");
    } catch (const limit_exceeded& refusal) {
      BOOST_TEST(refusal.tracker_name() == std::to_string(tight));
    }
    BOOST_TEST(chain.back().remaining() == 100u);
    for (const memory_tracker& node : chain) {
      BOOST_TEST(node.bytes_in_use() == 0u);
      BOOST_TEST(node.snapshot().denied == 1u);
    }
    while (!chain.empty()) chain.pop_back();
  }
}

BOOST_AUTO_TEST_CASE(remaining_is_the_least_along_the_path) {
  memory_tracker root{"root"};
  memory_tracker branch{"branch", root};
  memory_tracker leaf{"leaf", branch};
  BOOST_TEST(leaf.remaining() == no_limit);
  branch.set_limit(50);
  BOOST_TEST(leaf.remaining() == 50u);
  BOOST_TEST(root.remaining() == no_limit);
  leaf.set_limit(70);
  BOOST_TEST(leaf.remaining() == 50u);
  root.set_limit(60);
  root.charge(30);
  BOOST_TEST(leaf.remaining() == 30u);
  BOOST_TEST(branch.remaining() == 30u);
  leaf.charge(25);
  leaf.set_limit(26);
  BOOST_TEST(leaf.remaining() == 1u);
  BOOST_TEST(branch.remaining() == 5u);
  root.set_limit(10);
  BOOST_TEST(leaf.remaining() == 0u);
  leaf.uncharge(25);
  root.uncharge(30);
}

BOOST_AUTO_TEST_CASE(a_debt_of_the_parent_stops_every_child) {
  memory_tracker root{"root"};
  memory_tracker one{"one", root};
  memory_tracker other{"other", root};
  one.charge(60);
  root.set_limit(50);
  BOOST_TEST(!other.try_charge(1));
  BOOST_TEST(other.try_charge(0));
  one.uncharge(10);
  BOOST_TEST(!other.try_charge(1));
  one.uncharge(1);
  BOOST_TEST(other.try_charge(1));
  one.uncharge(49);
  other.uncharge(1);
}

BOOST_AUTO_TEST_CASE(a_denial_is_counted_once_where_it_was_charged_and_upwards) {
  memory_tracker root{"root"};
  memory_tracker branch{"branch", root};
  memory_tracker leaf{"leaf", branch};
  memory_tracker sibling{"sibling", branch};
  branch.set_limit(10);
  BOOST_TEST(!leaf.try_charge(11));
  BOOST_CHECK_THROW(leaf.charge(11), limit_exceeded);
  BOOST_CHECK_THROW(branch.charge(11), limit_exceeded);
  BOOST_TEST(leaf.snapshot().denied == 2u);
  BOOST_TEST(sibling.snapshot().denied == 0u);
  BOOST_TEST(branch.snapshot().denied == 3u);
  BOOST_TEST(root.snapshot().denied == 3u);
}

BOOST_AUTO_TEST_CASE(a_parents_peak_is_the_peak_of_its_sum) {
  memory_tracker root{"root"};
  memory_tracker one{"one", root};
  memory_tracker other{"other", root};
  one.charge(100);
  one.uncharge(100);
  other.charge(80);
  BOOST_TEST(root.peak_bytes() == 100u);
  one.charge(21);
  BOOST_TEST(root.peak_bytes() == 101u);
  one.reset_peak();
  BOOST_TEST(one.peak_bytes() == 21u);
  BOOST_TEST(root.peak_bytes() == 101u);
  root.reset_peak();
  BOOST_TEST(other.peak_bytes() == 80u);
  one.uncharge(21);
  other.uncharge(80);
}

BOOST_AUTO_TEST_CASE(totals_and_counts_stay_in_the_parent_when_a_child_goes) {
  hard_limit cap{100};
  memory_tracker root{"root", &cap};
  {
    memory_tracker child{"child", root};
    child.charge_block(64, 40);
    BOOST_TEST(!child.try_charge(100));
    child.uncharge_block(64, 40);
    const zpmr::overdraft_scope everything_passes;
    child.charge(101);
    child.uncharge(101);
  }
  BOOST_TEST(root.snapshot() == (memory_usage{.peak_bytes = 101,
                                              .total_bytes = 165,
                                              .limit = 100,
                                              .allocations = 1,
                                              .deallocations = 1,
                                              .denied = 1,
                                              .overdrafts = 1}));
  BOOST_TEST(root.remaining() == 100u);
}

#if !ZPMR_CHECKED

BOOST_AUTO_TEST_CASE(what_a_destroyed_child_still_holds_is_taken_off_its_ancestors) {
  memory_tracker root{"root"};
  memory_tracker branch{"branch", root};
  branch.charge(5);
  {
    memory_tracker child{"child", branch};
    child.charge_block(64, 40);
  }
  BOOST_TEST(branch.bytes_in_use() == 5u);
  BOOST_TEST(branch.snapshot().requested_bytes_in_use == 5u);
  BOOST_TEST(branch.snapshot().total_bytes == 69u);
  BOOST_TEST(root.bytes_in_use() == 5u);
  branch.uncharge(5);
}

BOOST_AUTO_TEST_CASE(an_uncharge_of_too_much_does_no_damage_to_siblings) {
  memory_tracker root{"root"};
  memory_tracker branch{"branch", root};
  memory_tracker one{"one", branch};
  memory_tracker other{"other", branch};
  other.charge(100);
  one.charge_block(10, 8);
  one.uncharge(50);
  BOOST_TEST(one.bytes_in_use() == 0u);
  BOOST_TEST(one.snapshot().requested_bytes_in_use == 0u);
  BOOST_TEST(other.bytes_in_use() == 100u);
  BOOST_TEST(branch.bytes_in_use() == 100u);
  BOOST_TEST(branch.snapshot().requested_bytes_in_use == 100u);
  BOOST_TEST(root.bytes_in_use() == 100u);
  other.uncharge(100);
  BOOST_TEST(root.bytes_in_use() == 0u);
}

#endif
