// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tree_report
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <iomanip>
#include <memory_resource>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/literals.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/tree_report.hpp>

#include "reports/terminal_text.hpp"

namespace {

using namespace zpmr::literals;
using zpmr::memory_tracker;
using zpmr::size_style;
using zpmr::detail::bar;
using zpmr::detail::columns;
using zpmr::detail::rounded_size;
using zpmr::detail::shortened;

std::string report(size_style sizes = size_style::rounded) {
  std::ostringstream out;
  zpmr::print_tree(out, {}, sizes);
  return out.str();
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_trackers_there_are_only_the_titles) {
  BOOST_TEST(report() == "tracker  in use  peak  limit  of its limit  of its parent\n");
}

BOOST_AUTO_TEST_CASE(the_table_shows_shares_and_aligns_its_columns) {
  zpmr::hard_limit budget{2_GiB};
  memory_tracker server{"server", &budget};
  memory_tracker sessions{"sessions", server};
  memory_tracker guests{"guests", sessions};
  memory_tracker cache{"cache", server};
  memory_tracker other{"other"};
  guests.charge(768_MiB);
  cache.charge(256_MiB);
  BOOST_TEST("\n" + report() == R"(
tracker         in use      peak     limit  of its limit        of its parent
server        1.00 GiB  1.00 GiB  2.00 GiB  ██████        50 %
├─ sessions    768 MiB   768 MiB      none                      █████████     75 %
│  └─ guests   768 MiB   768 MiB      none                      ████████████ 100 %
└─ cache       256 MiB   256 MiB      none                      ███           25 %
other              0 B       0 B      none
)");
  cache.uncharge(256_MiB);
  guests.uncharge(768_MiB);
}

BOOST_AUTO_TEST_CASE(the_last_branch_ends_whatever_is_below_it) {
  memory_tracker server{"server"};
  memory_tracker cache{"cache", server};
  memory_tracker sessions{"sessions", server};
  memory_tracker guests{"guests", sessions};
  memory_tracker names{"names", guests};
  BOOST_TEST("\n" + report() == R"(
tracker         in use  peak  limit  of its limit  of its parent
server             0 B   0 B   none
├─ cache           0 B   0 B   none
└─ sessions        0 B   0 B   none
   └─ guests       0 B   0 B   none
      └─ names     0 B   0 B   none
)");
}

BOOST_AUTO_TEST_CASE(exact_sizes_are_bytes) {
  zpmr::hard_limit cap{1'000'000};
  memory_tracker tracker{"t", &cap};
  tracker.charge(123'456);
  BOOST_TEST("\n" + report(size_style::exact) == R"(
tracker  in use    peak    limit  of its limit        of its parent
t        123456  123456  1000000  █▍            12 %
)");
  tracker.uncharge(123'456);
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_not_reached_is_not_told_as_reached) {
  memory_tracker tracker{"nearly full"};
  tracker.set_limit(1000);
  tracker.charge(999);
  const std::string text = report();
  BOOST_TEST(text.find(" 99 %") != text.npos, text);
  tracker.uncharge(999);
}

BOOST_AUTO_TEST_CASE(a_limit_of_zero_is_reached_and_an_overdraft_is_more_than_all) {
  memory_tracker full{"full"};
  full.set_limit(0);
  memory_tracker over{"over"};
  over.charge(300);
  over.set_limit(100);
  const std::string text = report();
  BOOST_TEST(text.find("  0 B  ████████████ 100 %") != text.npos, text);
  BOOST_TEST(text.find("████████████ 300 %") != text.npos, text);
  over.uncharge(300);
}

BOOST_AUTO_TEST_CASE(flags_of_the_stream_apply_to_nothing) {
  memory_tracker tracker{"t"};
  std::ostringstream out;
  out << std::hex << std::setfill('.') << std::setw(500);
  zpmr::print_tree(out);
  BOOST_TEST(out.str() == report());
}

BOOST_AUTO_TEST_CASE(printing_allocates_nothing_from_a_tracker) {
  zpmr::counting_resource memory{std::pmr::new_delete_resource(), "default"};
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(&memory);
  const zpmr::memory_usage usage = memory.snapshot();
  const std::string text = report();
  BOOST_TEST((memory.snapshot() == usage));
  std::pmr::set_default_resource(before);
  BOOST_TEST(text.find("default") != text.npos);
}

BOOST_AUTO_TEST_CASE(sizes_are_rounded_to_three_digits) {
  BOOST_TEST(zpmr::detail::three_digits(0) == "0.00");
  BOOST_TEST(zpmr::detail::three_digits(9.994) == "9.99");
  BOOST_TEST(zpmr::detail::three_digits(9.996) == "10.0");
  BOOST_TEST(zpmr::detail::three_digits(99.96) == "100");
  BOOST_TEST(zpmr::detail::three_digits(12345.6) == "12346");
  BOOST_TEST(rounded_size(0) == "0 B");
  BOOST_TEST(rounded_size(999) == "999 B");
  BOOST_TEST(rounded_size(1000) == "0.98 KiB");
  BOOST_TEST(rounded_size(1024) == "1.00 KiB");
  BOOST_TEST(rounded_size(10_KiB + 512) == "10.5 KiB");
  BOOST_TEST(rounded_size(10_KiB - 1) == "10.0 KiB");
  BOOST_TEST(rounded_size(100_KiB - 1) == "100 KiB");
  BOOST_TEST(rounded_size(1_MiB - 1) == "1.00 MiB");
  BOOST_TEST(rounded_size(999_MiB) == "999 MiB");
  BOOST_TEST(rounded_size(1536_GiB) == "1.50 TiB");
  BOOST_TEST(rounded_size(SIZE_MAX) == "16.0 EiB");
}

BOOST_AUTO_TEST_CASE(a_bar_grows_by_eighths_and_shows_all_that_is_not_zero) {
  BOOST_TEST(bar(0, 4) == "");
  BOOST_TEST(bar(0.0001, 4) == "▏");
  BOOST_TEST(bar(1. / 32, 4) == "▏");
  BOOST_TEST(bar(7. / 32, 4) == "▉");
  BOOST_TEST(bar(0.5, 4) == "██");
  BOOST_TEST(bar(0.625, 4) == "██▌");
  BOOST_TEST(bar(0.999, 4) == "███▉");
  BOOST_TEST(bar(1, 4) == "████");
  BOOST_TEST(bar(7, 4) == "████");
}

BOOST_AUTO_TEST_CASE(a_long_name_is_cut_in_its_middle_between_characters) {
  BOOST_TEST(shortened("", 5) == "");
  BOOST_TEST(shortened("abcde", 5) == "abcde");
  BOOST_TEST(shortened("abcdef", 5) == "ab…ef");
  BOOST_TEST(shortened("abcdefg", 4) == "ab…g");
  BOOST_TEST(shortened("ääöüßäö", 5) == "ää…äö");
  for (std::size_t most = 1; most < 12; ++most) {
    BOOST_TEST(columns(shortened("ein sehr langer Näme", most)) == most);
  }
}

BOOST_AUTO_TEST_CASE(a_control_character_does_not_reach_the_terminal) {
  BOOST_TEST(shortened("a\x1b[31mb\n", 40) == "a\uFFFD[31mb\uFFFD");
  BOOST_TEST(shortened("\x7f\u0080\u009f\u00a0", 40) == "\uFFFD\uFFFD\uFFFD\u00a0");
}
