// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE figures
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/detail/figures.hpp>

namespace {

using namespace zpmr::detail;

/// Effects: calls `f` with each row of each table.
template <class F>
void for_each_figure(F f) {
  std::ranges::for_each(figures<zpmr::memory_usage>, f);
  std::ranges::for_each(figures<zpmr::allocator_stats>, f);
  std::ranges::for_each(figures<zpmr::process_memory>, f);
}

/// Returns: the lines of docs/metrics.md that are about a metric.
std::vector<std::string> documented() {
  std::ifstream page{ZPMR_SOURCE_DIR "/docs/metrics.md"};
  BOOST_REQUIRE(page.is_open());
  std::vector<std::string> rows;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| `zpmr_")) rows.push_back(line);
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_row_reads_its_own_member) {
  constexpr zpmr::memory_usage usage{1, 2, 3, 4, 5, 6, 7, 8, 9};
  constexpr zpmr::allocator_stats stats{1, 2, 3, 4, 5, 6, 7, 8};
  constexpr zpmr::process_memory memory{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  std::uint64_t expected = 0;
  for (const auto& each : figures<zpmr::memory_usage>) BOOST_TEST(*each.read(usage) == ++expected);
  expected = 0;
  for (const auto& each : figures<zpmr::allocator_stats>) {
    BOOST_TEST(*each.read(stats) == ++expected);
  }
  expected = 0;
  for (const auto& each : figures<zpmr::process_memory>) {
    BOOST_TEST(*each.read(memory) == ++expected);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_known_reads_as_nothing) {
  for (const auto& each : figures<zpmr::allocator_stats>) BOOST_TEST(!each.read({}).has_value());
  for (const auto& each : figures<zpmr::process_memory>) BOOST_TEST(!each.read({}).has_value());
  for (const auto& each : figures<zpmr::memory_usage>) {
    BOOST_TEST(each.read({}).has_value() == (each.name != "limit"));
  }
}

BOOST_AUTO_TEST_CASE(metrics_are_named_as_prometheus_wants_it) {
  for_each_figure([](const auto& each) {
    const bool counter = each.kind == figure_kind::counter;
    const bool bytes = each.unit == figure_unit::bytes;
    BOOST_TEST(each.metric.starts_with("zpmr_"));
    BOOST_TEST(each.metric.ends_with("_total") == counter, each.metric);
    BOOST_TEST(each.metric.ends_with(counter ? "_bytes_total" : "_bytes") == bytes, each.metric);
    BOOST_TEST(std::ranges::all_of(each.metric,
                                   [](unsigned char c) { return std::islower(c) || c == '_'; }));
  });
}

BOOST_AUTO_TEST_CASE(no_two_metrics_share_a_name) {
  std::set<std::string_view> seen;
  for_each_figure([&](const auto& each) { BOOST_TEST(seen.insert(each.metric).second); });
}

BOOST_AUTO_TEST_CASE(every_help_text_is_one_sentence_on_one_line) {
  for_each_figure([](const auto& each) {
    BOOST_TEST(each.help.ends_with('.'));
    BOOST_TEST(each.help.find('\n') == each.help.npos);
  });
}

BOOST_AUTO_TEST_CASE(the_document_has_every_metric_as_it_is) {
  std::vector<std::string> expected;
  for_each_figure([&](const auto& each) {
    expected.push_back("| `" + std::string{each.metric} + "` | " +
                       (each.kind == figure_kind::gauge ? "gauge" : "counter") + " | " +
                       (each.unit == figure_unit::bytes ? "bytes" : "count") + " | " +
                       std::string{each.help} + " |");
  });
  const std::vector<std::string> rows = documented();
  BOOST_CHECK_EQUAL_COLLECTIONS(rows.begin(), rows.end(), expected.begin(), expected.end());
}
