// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE failing_fence
#include <boost/test/unit_test.hpp>
#include <optional>
#include <thread>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "platform/membarrier.hpp"
#include "support/failing_fence.hpp"

namespace {

using zpmr::hard_limit;
using zpmr::memory_tracker;
using zpmr::test::fences;

constexpr std::size_t limit = 1'000'000;

/// Does something on a thread of its own, so that it has its own lease, and its end gives none
/// back.
template <class F>
auto elsewhere(F deed) {
  decltype(deed()) result{};
  std::thread([&] { result = deed(); }).join();
  return result;
}

/// Charges and frees so much that a lease is left.
void get_a_lease(memory_tracker& tracker) {
  tracker.charge(1000);
  tracker.uncharge(999);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_lease_is_taken_back_behind_a_fence) {
  if (!zpmr::detail::prepare_heavy_fence()) return;
  hard_limit cap{limit};
  memory_tracker tracker{"capped", &cap};
  get_a_lease(tracker);
  const unsigned before = fences;
  BOOST_TEST(elsewhere([&] { return tracker.try_charge(limit - 1); }));
  BOOST_TEST(fences == before + 1);
  tracker.uncharge(limit);
}

BOOST_AUTO_TEST_CASE(without_its_fence_a_lease_counts_as_used_and_the_cap_holds) {
  if (!zpmr::detail::prepare_heavy_fence()) return;
  hard_limit cap{limit};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  get_a_lease(leaf);
  std::optional<zpmr::test::no_fence> sandbox{std::in_place};
  // The other thread may be using its lease at this moment: nobody could tell.
  BOOST_TEST(!elsewhere([&] { return leaf.try_charge(limit - 1); }));
  BOOST_TEST(leaf.bytes_in_use() == 1u);
  BOOST_TEST(leaf.try_charge(1));
  // What is not leased can be had.
  BOOST_TEST(elsewhere([&] { return root.try_charge(limit / 2); }));
  BOOST_TEST(root.bytes_in_use() == limit / 2 + 2);
  BOOST_TEST(!leaf.try_charge(limit / 2));
  sandbox.reset();
  BOOST_TEST(elsewhere([&] { return root.try_charge(limit / 2 - 2); }));
  BOOST_TEST(root.bytes_in_use() == limit);
  BOOST_TEST(!leaf.try_charge(1));
  root.uncharge(limit - 2);
  leaf.uncharge(2);
  BOOST_TEST(root.bytes_in_use() == 0u);
}
