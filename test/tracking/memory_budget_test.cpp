// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE memory_budget
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <zpmr/memory_budget.hpp>

#include "support/death.hpp"

namespace {

using zpmr::memory_budget;
using zpmr::process_memory;

constexpr process_memory sample{.resident = 1, .physical = 8000, .cgroup_limit = 4000};

}  // namespace

BOOST_AUTO_TEST_CASE(it_is_a_fraction_of_the_least_that_is_known) {
  BOOST_TEST((memory_budget(0.5, {.physical = 8000}) == 4000U));
  BOOST_TEST((memory_budget(0.5, {.cgroup_limit = 6000}) == 3000U));
  BOOST_TEST((memory_budget(0.5, {.process_limit = 5000}) == 2500U));
  BOOST_TEST((memory_budget(0.5, sample) == 2000U));
  process_memory other = sample;
  other.process_limit = 1000;
  BOOST_TEST((memory_budget(0.5, other) == 500U));
  other.physical = 100;
  BOOST_TEST((memory_budget(0.5, other) == 50U));
}

BOOST_AUTO_TEST_CASE(where_nothing_is_known_there_is_none) {
  BOOST_TEST(!memory_budget(1, {}));
  BOOST_TEST(!memory_budget(1, {.resident = 1, .swapped = 2, .cgroup_usage = 3}));
}

BOOST_AUTO_TEST_CASE(a_limit_of_zero_gives_zero) {
  BOOST_TEST((memory_budget(1, {.physical = 8000, .cgroup_limit = 0}) == 0U));
}

BOOST_AUTO_TEST_CASE(it_is_rounded_down) {
  BOOST_TEST((memory_budget(0.75, {.physical = 3}) == 2U));
  BOOST_TEST((memory_budget(0.1, {.physical = 9}) == 0U));
}

BOOST_AUTO_TEST_CASE(the_whole_is_exact_for_any_size) {
  BOOST_TEST((memory_budget(1, {.physical = SIZE_MAX}) == SIZE_MAX));
  BOOST_TEST((memory_budget(1, {.physical = SIZE_MAX - 1}) == SIZE_MAX - 1));
  const double nearly = std::nextafter(1.0, 0.0);
  BOOST_TEST(memory_budget(nearly, {.physical = SIZE_MAX}).value() < SIZE_MAX);
}

BOOST_AUTO_TEST_CASE(it_is_known_on_this_machine) {
  BOOST_TEST(memory_budget(1).value() > 0U);
  BOOST_TEST(memory_budget(0.5).value() <= memory_budget(1).value());
}

BOOST_AUTO_TEST_CASE(a_fraction_that_is_none_stops_a_checked_build_and_gives_no_budget_in_others) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (double wrong : {0.0, -0.5, -1.0, 1.01, 75.0, std::numeric_limits<double>::quiet_NaN(),
                       infinity, -infinity}) {
#if ZPMR_CHECKED
    BOOST_TEST(zpmr::test::message_of_abort([&] {
                 (void)memory_budget(wrong, sample);
               }).starts_with("zpmr: the fraction must be above 0 and at most 1: "));
#else
    BOOST_TEST(!memory_budget(wrong, sample), wrong);
#endif
  }
}
