// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE literals
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <type_traits>
#include <zpmr/literals.hpp>

using namespace zpmr::literals;

static_assert(std::is_same_v<decltype(1_KiB), std::size_t>);
static_assert(std::is_same_v<decltype(1_MiB), std::size_t>);
static_assert(std::is_same_v<decltype(1_GiB), std::size_t>);

BOOST_AUTO_TEST_CASE(units_are_powers_of_1024) {
  BOOST_TEST(1_KiB == std::size_t{1024});
  BOOST_TEST(1_MiB == 1024 * 1_KiB);
  BOOST_TEST(1_GiB == 1024 * 1_MiB);
}

BOOST_AUTO_TEST_CASE(a_count_multiplies_the_unit) {
  BOOST_TEST(0_KiB == std::size_t{0});
  BOOST_TEST(64_KiB == std::size_t{65536});
  BOOST_TEST(512_MiB == std::size_t{536870912});
  BOOST_TEST(2_GiB == std::size_t{2147483648});
}

BOOST_AUTO_TEST_CASE(the_largest_size_that_a_size_t_can_hold_compiles) {
  BOOST_TEST(17179869183_GiB == SIZE_MAX - (1_GiB - 1));
  BOOST_TEST(18014398509481983_KiB == SIZE_MAX - 1023);
}
