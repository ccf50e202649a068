// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE latency_histogram

#include "latency_histogram.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

using std::chrono::nanoseconds;
using zpmr::compare::latency_histogram;

BOOST_AUTO_TEST_CASE(short_times_are_told_exactly) {
  latency_histogram times;
  for (int i = 1; i <= 30; ++i) times.add(nanoseconds(i));
  BOOST_TEST(times.count() == 30U);
  BOOST_TEST(times.quantile(0).count() == 1);
  BOOST_TEST(times.quantile(0.5).count() == 15);
  BOOST_TEST(times.quantile(1).count() == 30);
}

BOOST_AUTO_TEST_CASE(a_quantile_is_never_too_low_and_at_most_a_16th_too_high) {
  std::mt19937_64 random(1);
  latency_histogram times;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 20000; ++i) {
    all.push_back(static_cast<std::int64_t>(random() >> (1 + random() % 63)));
    times.add(nanoseconds(all.back()));
  }
  std::ranges::sort(all);
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.9999, 1.0}) {
    const auto at = static_cast<std::size_t>(std::ceil(share * 20000)) - 1;
    const std::int64_t told = times.quantile(share).count();
    BOOST_TEST(told >= all[at]);
    BOOST_TEST(static_cast<double>(told) <= static_cast<double>(all[at]) * 17 / 16);
  }
  BOOST_TEST(times.quantile(1).count() == all.back());
}

BOOST_AUTO_TEST_CASE(the_sum_of_two_has_the_times_of_both) {
  latency_histogram one, other;
  for (int i = 0; i < 9; ++i) one.add(nanoseconds(10));
  other.add(nanoseconds(5'000'000'123));
  one.add(other);
  BOOST_TEST(one.count() == 10U);
  BOOST_TEST(one.quantile(0.9).count() == 10);
  BOOST_TEST(one.quantile(1).count() == 5'000'000'123);
}

BOOST_AUTO_TEST_CASE(a_clock_that_steps_back_counts_as_no_time) {
  latency_histogram times;
  times.add(nanoseconds(-5));
  BOOST_TEST(times.quantile(1).count() == 0);
}
