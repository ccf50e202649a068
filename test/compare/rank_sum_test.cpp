// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE rank_sum

#include "rank_sum.hpp"

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <vector>

using namespace zpmr::compare;

namespace {

using values = std::vector<double>;

/// Returns: the numbers from `first` on.
values numbers(double first, int count) {
  values all;
  for (int i = 0; i < count; ++i) all.push_back(first + i);
  return all;
}

/// Returns: what is said if so many of `count` times `count` pairs are lost.
difference with_lost_pairs(int count, int lost) {
  values one(static_cast<std::size_t>(count - lost / count), 0);
  one.front() = lost % count + 0.5;                   // above so many of the other values
  one.resize(static_cast<std::size_t>(count), 1000);  // above all of them
  return how_clearly_less(one, numbers(1, count));
}

}  // namespace

// The bounds are those of the tables of this test, for a chance of one in 20, to either side.
BOOST_AUTO_TEST_CASE(a_difference_is_clear_up_to_the_number_of_lost_pairs_in_the_tables) {
  constexpr struct {
    int values, most_lost;
  } bounds[] = {{4, 0}, {5, 2}, {6, 5}, {7, 8}, {10, 23}, {15, 64}, {20, 127}};
  for (const auto& [count, most] : bounds) {
    BOOST_TEST_CONTEXT(count << " values of each") {
      BOOST_TEST((with_lost_pairs(count, most) == difference::clear));
      BOOST_TEST((with_lost_pairs(count, most + 1) == difference::unclear));
    }
  }
}

BOOST_AUTO_TEST_CASE(three_values_of_each_tell_nothing) {
  BOOST_TEST((how_clearly_less(numbers(0, 3), numbers(10, 3)) == difference::untold));
  BOOST_TEST((how_clearly_less(numbers(0, 1), numbers(10, 40)) == difference::untold));
  BOOST_TEST((how_clearly_less(values{}, values{}) == difference::untold));
}

BOOST_AUTO_TEST_CASE(one_value_that_is_far_off_counts_no_more_than_another) {
  values one = numbers(0, 10);
  one.back() = 1e9;
  BOOST_TEST((how_clearly_less(one, numbers(20, 10)) == difference::clear));
}

BOOST_AUTO_TEST_CASE(the_greater_one_is_not_less) {
  BOOST_TEST((how_clearly_less(numbers(10, 5), numbers(0, 5)) == difference::unclear));
}

BOOST_AUTO_TEST_CASE(equal_values_are_no_difference) {
  BOOST_TEST((how_clearly_less(values(20, 1.0), values(20, 1.0)) == difference::unclear));
}
