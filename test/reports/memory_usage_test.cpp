// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE memory_usage
#include <boost/test/unit_test.hpp>
#include <iomanip>
#include <sstream>
#include <string>
#include <type_traits>
#include <zpmr/memory_usage.hpp>

namespace {

using zpmr::memory_usage;

constexpr memory_usage sample{.bytes_in_use = 1128,
                              .requested_bytes_in_use = 1104,
                              .peak_bytes = 2256,
                              .total_bytes = 4512,
                              .limit = 9024,
                              .allocations = 317,
                              .deallocations = 216,
                              .denied = 83,
                              .overdrafts = 29};

std::string text_of(const memory_usage& usage) {
  std::ostringstream out;
  out << usage;
  return out.str();
}

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

BOOST_AUTO_TEST_CASE(printing_shows_every_figure_on_one_line) {
  const std::string text = text_of(sample);
  for (const char* figure : {"1128", "1104", "2256", "4512", "9024", "317", "216", "83", "29"}) {
    BOOST_TEST(text.find(figure) != std::string::npos, "no " << figure << " in: " << text);
  }
  BOOST_TEST(text.find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(printing_names_an_absent_limit_instead_of_a_huge_number) {
  BOOST_TEST(text_of({}).find("18446744073709551615") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(printing_ignores_the_format_flags_of_the_stream) {
  std::ostringstream out;
  out << std::hex << std::showbase << std::showpos << std::uppercase << std::scientific
      << std::setprecision(2) << sample;
  BOOST_TEST(out.str() == text_of(sample));
}

BOOST_AUTO_TEST_CASE(printing_leaves_the_format_flags_of_the_stream_as_they_are) {
  std::ostringstream out;
  out << std::hex << std::showbase << sample << ' ' << 255;
  BOOST_TEST(out.str().ends_with(" 0xff"));
}

BOOST_AUTO_TEST_CASE(width_and_fill_apply_to_the_whole_once) {
  const std::string plain = text_of(sample);
  std::ostringstream out;
  out << std::setfill('.') << std::setw(static_cast<int>(plain.size()) + 10) << sample << sample;
  BOOST_TEST(out.str() == std::string(10, '.') + plain + plain);
}

BOOST_AUTO_TEST_CASE(width_below_the_length_cuts_nothing) {
  std::ostringstream out;
  out << std::setw(3) << sample;
  BOOST_TEST(out.str() == text_of(sample));
}
