// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE memory_usage
#include <boost/test/unit_test.hpp>
#include <type_traits>
#include <zpmr/memory_usage.hpp>

#include "support/sample_usage.hpp"

namespace {

using zpmr::memory_usage;

constexpr memory_usage sample = zpmr::test::sample_usage;

static_assert(std::is_aggregate_v<memory_usage>);
static_assert(std::is_trivially_copyable_v<memory_usage>);

}  // namespace

BOOST_AUTO_TEST_CASE(an_empty_usage_is_all_zero_with_no_limit) {
  constexpr memory_usage none;
  BOOST_TEST(none.bytes_in_use == 0u);
  BOOST_TEST(none.requested_bytes_in_use == 0u);
  BOOST_TEST(none.peak_bytes == 0u);
  BOOST_TEST(none.total_bytes == 0u);
  BOOST_TEST(none.limit == zpmr::no_limit);
  BOOST_TEST(none.allocations == 0u);
  BOOST_TEST(none.deallocations == 0u);
  BOOST_TEST(none.denied == 0u);
  BOOST_TEST(none.overdrafts == 0u);
}

BOOST_AUTO_TEST_CASE(blocks_in_use_are_allocations_less_deallocations) {
  BOOST_TEST(sample.blocks_in_use() == 101u);
}

BOOST_AUTO_TEST_CASE(blocks_in_use_never_wrap) {
  // The two counts of a snapshot need not be of one instant.
  constexpr memory_usage torn{.allocations = 4, .deallocations = 5};
  BOOST_TEST(torn.blocks_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(usages_are_equal_when_every_member_is) {
  memory_usage other = sample;
  BOOST_TEST((other == sample));
  const auto differs_in = [](auto member) {
    memory_usage changed = sample;
    ++(changed.*member);
    return changed != sample;
  };
  BOOST_TEST(differs_in(&memory_usage::bytes_in_use));
  BOOST_TEST(differs_in(&memory_usage::requested_bytes_in_use));
  BOOST_TEST(differs_in(&memory_usage::peak_bytes));
  BOOST_TEST(differs_in(&memory_usage::total_bytes));
  BOOST_TEST(differs_in(&memory_usage::limit));
  BOOST_TEST(differs_in(&memory_usage::allocations));
  BOOST_TEST(differs_in(&memory_usage::deallocations));
  BOOST_TEST(differs_in(&memory_usage::denied));
  BOOST_TEST(differs_in(&memory_usage::overdrafts));
}
