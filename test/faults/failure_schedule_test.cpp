// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE failure_schedule
#include <zpmr/failure_schedule.hpp>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/threads.hpp"

namespace {

using zpmr::failure_kind;
using zpmr::failure_schedule;

constinit failure_schedule made_before_all_else;

/// Returns: an 'x' for each of `count` allocations that fails, a '.' for each that does not.
std::string outcome(failure_schedule& failures, int count, std::size_t bytes = 8) {
  std::string drawn;
  for (int i = 0; i < count; ++i) drawn += failures.fails(bytes) ? 'x' : '.';
  return drawn;
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_rules_nothing_fails) {
  BOOST_TEST(outcome(made_before_all_else, 5) == ".....");
  BOOST_TEST(!made_before_all_else.fails(SIZE_MAX));
  BOOST_TEST(made_before_all_else.allocations() == 6u);
  BOOST_TEST(made_before_all_else.failures() == 0u);
}

BOOST_AUTO_TEST_CASE(the_nth_fails_and_only_that) {
  failure_schedule failures{{.nth = 3}};
  BOOST_TEST(outcome(failures, 6) == "..x...");
  BOOST_TEST(failures.allocations() == 6u);
  BOOST_TEST(failures.failures() == 1u);
}

BOOST_AUTO_TEST_CASE(a_persistent_failure_lasts) {
  failure_schedule failures{{.nth = 3, .kind = failure_kind::persistent}};
  BOOST_TEST(outcome(failures, 6) == "..xxxx");
  BOOST_TEST(failures.failures() == 4u);
}

BOOST_AUTO_TEST_CASE(what_is_above_a_size_fails) {
  failure_schedule failures{{.above = 100}};
  BOOST_TEST(!failures.fails(100));
  BOOST_TEST(failures.fails(101));
  BOOST_TEST(!failures.fails(1));
  failures.set({.above = 0});
  BOOST_TEST(!failures.fails(0));
  BOOST_TEST(failures.fails(1));
  failures.set({.above = 100, .kind = failure_kind::persistent});
  BOOST_TEST(!failures.fails(1));
  BOOST_TEST(failures.fails(101));
  BOOST_TEST(failures.fails(1));
}

BOOST_AUTO_TEST_CASE(each_fails_with_the_probability) {
  for (const double probability : {0.001, 0.1, 0.5, 0.9}) {
    failure_schedule failures{{.probability = probability, .seed = 7}};
    constexpr double count = 100'000;
    for (int i = 0; i < count; ++i) static_cast<void>(failures.fails(8));
    const double deviation = std::sqrt(count * probability * (1 - probability));
    BOOST_TEST(std::abs(static_cast<double>(failures.failures()) - count * probability) <
               5 * deviation);
  }
}

BOOST_AUTO_TEST_CASE(probability_0_is_never_and_1_is_always) {
  failure_schedule failures{{.probability = 0, .seed = 1}};
  BOOST_TEST(outcome(failures, 1000) == std::string(1000, '.'));
  failures.set({.probability = 1, .seed = 1});
  BOOST_TEST(outcome(failures, 1000) == std::string(1000, 'x'));
}

BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_failures_again_and_another_gives_others) {
  failure_schedule failures{{.probability = 0.5, .seed = 1}};
  const std::string first = outcome(failures, 200);
  failures.set({.probability = 0.5, .seed = 1});
  BOOST_TEST(outcome(failures, 200) == first);
  failures.set({.probability = 0.5, .seed = 2});
  const std::string second = outcome(failures, 200);
  BOOST_TEST(second != first);
  BOOST_TEST(second.substr(1) != first.substr(0, 199));  // nor the same ones a place further
  BOOST_TEST(second.substr(0, 199) != first.substr(1));
}

BOOST_AUTO_TEST_CASE(persistent_with_a_probability_lasts_from_the_first_on) {
  failure_schedule failures{{.probability = 0.1, .seed = 3}};
  const std::size_t first = outcome(failures, 200).find('x');
  BOOST_TEST_REQUIRE(first < 200u);
  failures.set({.probability = 0.1, .seed = 3, .kind = failure_kind::persistent});
  BOOST_TEST(outcome(failures, 200) == std::string(first, '.') + std::string(200 - first, 'x'));
}

BOOST_AUTO_TEST_CASE(the_rules_add_up) {
  failure_schedule failures{{.nth = 2, .above = 100}};
  BOOST_TEST(outcome(failures, 3) == ".x.");
  BOOST_TEST(failures.fails(200));
}

BOOST_AUTO_TEST_CASE(new_rules_count_anew) {
  failure_schedule failures{{.nth = 2, .kind = failure_kind::persistent}};
  BOOST_TEST(outcome(failures, 3) == ".xx");
  failures.set({.nth = 2});
  BOOST_TEST(failures.allocations() == 0u);
  BOOST_TEST(failures.failures() == 0u);
  BOOST_TEST(outcome(failures, 3) == ".x.");
}

BOOST_AUTO_TEST_CASE(a_probability_that_is_none_is_refused_and_changes_nothing) {
  failure_schedule failures{{.nth = 2}};
  for (const double wrong : {-0.5, 1.5, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()}) {
    BOOST_CHECK_EXCEPTION(failures.set({.probability = wrong}), std::invalid_argument,
                          [&](const std::invalid_argument& error) {
                            const std::string text = error.what();
                            return text.find(std::to_string(wrong)) != std::string::npos &&
                                   text.ends_with("give 0 to 1");
                          });
  }
  BOOST_TEST(outcome(failures, 3) == ".x.");
}

BOOST_AUTO_TEST_CASE(with_several_threads_each_number_is_given_once) {
  for (const failure_kind kind : {failure_kind::transient, failure_kind::persistent}) {
    failure_schedule alone{{.nth = 77, .probability = 0.25, .seed = 5, .kind = kind}};
    failure_schedule shared{{.nth = 77, .probability = 0.25, .seed = 5, .kind = kind}};
    static_cast<void>(outcome(alone, 40'000));
    zpmr::test::run_together(4, [&](unsigned) { static_cast<void>(outcome(shared, 10'000)); });
    BOOST_TEST(shared.allocations() == 40'000u);
    if (kind == failure_kind::transient) BOOST_TEST(shared.failures() == alone.failures());
    BOOST_TEST(shared.failures() > 0u);
  }
}
