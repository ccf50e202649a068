// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE printing
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>
#include <version>
#include <zpmr/detail/figures.hpp>
#include <zpmr/detail/line.hpp>
#include <zpmr/format.hpp>
#include <zpmr/memory_tracker.hpp>

#include "base/text.hpp"
#include "support/sample_usage.hpp"

namespace {

using zpmr::allocator_stats;
using zpmr::memory_usage;
using zpmr::process_memory;

template <class Facts>
std::string text_of(const Facts& facts) {
  std::ostringstream out;
  out << facts;
  return out.str();
}

constexpr memory_usage usage = zpmr::test::sample_usage;

constexpr std::size_t most = SIZE_MAX;
constexpr allocator_stats largest_stats{most, most, most, most, most, most, most, most};
constexpr process_memory largest_process{most, most, most, most, most,
                                         most, most, most, most, most};

template <class Facts>
bool line_has_every_figure(const Facts& facts) {
  const std::string text = text_of(facts);
  for (const auto& each : zpmr::detail::figures<Facts>) {
    if (text.find(std::to_string(*each.read(facts))) == text.npos) return false;
  }
  return true;
}

template <class Facts>
void check_it_is_written_as_one_unit(const Facts& facts) {
  const std::string plain = text_of(facts);
  std::ostringstream out;
  out << std::hex << std::showbase << std::showpos << std::setfill('.')
      << std::setw(static_cast<int>(plain.size()) + 10) << facts << facts;
  BOOST_TEST(out.str() == std::string(10, '.') + plain + plain);
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_allocators_figures_stand_on_one_line_with_their_unit) {
  allocator_stats stats;
  stats.allocated = 12;
  stats.active = 4096;
  stats.small_bin_fragmentation = 0;
  BOOST_TEST(
      text_of(stats) ==
      "allocated: 12 bytes, active: 4096 bytes, metadata: unknown, resident: unknown, "
      "mapped: unknown, retained: unknown, muzzy: unknown, small bin fragmentation: 0 bytes");
}

BOOST_AUTO_TEST_CASE(a_processs_figures_stand_on_one_line_with_their_unit) {
  process_memory memory;
  memory.resident = 8192;
  memory.page_size = 4096;
  BOOST_TEST(text_of(memory) ==
             "resident: 8192 bytes, peak resident: unknown, private dirty: unknown, anonymous huge "
             "pages: unknown, swapped: unknown, page size: 4096 bytes, physical: unknown, cgroup "
             "limit: unknown, cgroup usage: unknown, process limit: unknown");
}

BOOST_AUTO_TEST_CASE(a_usages_line_has_every_figure_of_the_table) {
  BOOST_TEST(line_has_every_figure(usage));
}

BOOST_AUTO_TEST_CASE(an_absent_limit_is_named_and_not_a_huge_number) {
  BOOST_TEST(text_of(memory_usage{}).find(std::to_string(most)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_longest_line_is_not_cut) {
  BOOST_TEST(text_of(largest_stats).ends_with(std::to_string(most) + " bytes"));
  BOOST_TEST(text_of(largest_process).ends_with(std::to_string(most) + " bytes"));
  BOOST_TEST(text_of(memory_usage{most, most, most, most, 1, most, 0, most, most})
                 .ends_with(std::to_string(most) + " overdrafts"));
}

BOOST_AUTO_TEST_CASE(width_and_fill_apply_to_the_whole_and_other_flags_to_nothing) {
  check_it_is_written_as_one_unit(usage);
  check_it_is_written_as_one_unit(largest_stats);
  check_it_is_written_as_one_unit(largest_process);
}

BOOST_AUTO_TEST_CASE(a_width_below_the_length_cuts_nothing) {
  std::ostringstream out;
  out << std::setw(3) << usage;
  BOOST_TEST(out.str() == text_of(usage));
}

BOOST_AUTO_TEST_CASE(the_flags_of_the_stream_stay_as_they_are) {
  std::ostringstream out;
  out << std::hex << std::showbase << usage << ' ' << 255;
  BOOST_TEST(out.str().ends_with(" 0xff"));
}

BOOST_AUTO_TEST_CASE(printing_a_trackers_usage_changes_no_figure_of_it) {
  zpmr::memory_tracker tracker{"counted"};
  tracker.charge(100);
  const memory_usage before = tracker.snapshot();
  BOOST_TEST(!text_of(tracker.snapshot()).empty());
  BOOST_TEST((tracker.snapshot() == before));
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_text_that_does_not_fit_is_cut_and_has_an_end) {
  std::array<char, 8> storage;
  zpmr::detail::text text{storage};
  text.append("%d", 12345);
  text.append("%d", 6789);
  BOOST_TEST(text.view() == "1234567");
  text.append("%d", 8);
  BOOST_TEST(text.view() == "1234567");
  BOOST_TEST(storage.back() == '\0');
}

#if defined(__cpp_lib_format)
BOOST_AUTO_TEST_CASE(std_format_writes_the_same_line) {
  BOOST_TEST(std::format("{}", usage) == text_of(usage));
  BOOST_TEST(std::format("{}", largest_stats) == text_of(largest_stats));
  BOOST_TEST(std::format("{}", largest_process) == text_of(largest_process));
  BOOST_TEST(std::format("{:.>300}", usage) ==
             std::string(300 - text_of(usage).size(), '.') + text_of(usage));
}
#endif
