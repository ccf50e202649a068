// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE prometheus
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/default_allocator.hpp>
#include <zpmr/detail/figures.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/prometheus.hpp>

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using zpmr::memory_tracker;

std::vector<MetricFamily> collect() {
  return zpmr::prometheus_collector{}.Collect();
}

const MetricFamily* family(const std::vector<MetricFamily>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &MetricFamily::name);
  return found == all.end() ? nullptr : &*found;
}

/// Returns: the values of a metric by their label's value.
std::map<std::string, double> values_of(const std::string& metric) {
  const std::vector<MetricFamily> all = collect();
  std::map<std::string, double> values;
  const MetricFamily* const found = family(all, metric);
  if (found == nullptr) return values;
  for (const auto& each : found->metric) {
    const std::string label = each.label.empty() ? "" : each.label.at(0).value;
    const bool added = values
                           .emplace(label, found->type == MetricType::Counter ? each.counter.value
                                                                              : each.gauge.value)
                           .second;
    BOOST_TEST(added, "two series: " << metric << " of " << label);
  }
  return values;
}

std::set<std::string> paths() {
  std::set<std::string> result;
  for (const auto& [path, value] : values_of("zpmr_in_use_bytes")) result.insert(path);
  return result;
}

std::string scrape() {
  return ::prometheus::TextSerializer{}.Serialize(collect());
}

bool has_line(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != page.npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_figure_of_a_tracker_is_a_series_labelled_with_its_path) {
  zpmr::hard_limit cap{10'000};
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root, &cap};
  leaf.charge_block(1000, 900);
  leaf.charge_block(500, 400);
  leaf.uncharge_block(500, 400);
  BOOST_TEST(!leaf.try_charge(10'000));
  const std::map<std::string, double> expected{
      {"zpmr_in_use_bytes", 1000},   {"zpmr_requested_in_use_bytes", 900},
      {"zpmr_peak_bytes", 1500},     {"zpmr_charged_bytes_total", 1500},
      {"zpmr_allocations_total", 2}, {"zpmr_deallocations_total", 1},
      {"zpmr_denied_total", 1},      {"zpmr_overdrafts_total", 0}};
  for (const auto& [metric, value] : expected) {
    const std::map<std::string, double> both{{"root", value}, {"root/leaf", value}};
    BOOST_TEST((values_of(metric) == both), metric);
  }
  BOOST_TEST(
      (values_of("zpmr_limit_bytes") == std::map<std::string, double>{{"root/leaf", 10'000}}));
  leaf.uncharge_block(1000, 900);
}

BOOST_AUTO_TEST_CASE(types_and_help_follow_the_table) {
  const memory_tracker root{"root"};
  const std::vector<MetricFamily> all = collect();
  for (const auto& each : zpmr::detail::figures<zpmr::memory_usage>) {
    const MetricFamily* const found = family(all, each.metric);
    BOOST_TEST((found != nullptr) == (each.name != "limit"), each.metric);
    if (found == nullptr) continue;
    const bool counter = each.kind == zpmr::detail::figure_kind::counter;
    BOOST_TEST((found->type == (counter ? MetricType::Counter : MetricType::Gauge)));
    BOOST_TEST(found->help == each.help);
  }
}

BOOST_AUTO_TEST_CASE(a_limit_of_zero_is_a_series_and_no_limit_is_none) {
  memory_tracker tracker{"tracker"};
  BOOST_TEST(values_of("zpmr_limit_bytes").empty());
  tracker.set_limit(0);
  BOOST_TEST((values_of("zpmr_limit_bytes") == std::map<std::string, double>{{"tracker", 0}}));
}

BOOST_AUTO_TEST_CASE(trackers_of_one_path_are_numbered_in_the_order_they_were_made) {
  memory_tracker a{"cache"};
  memory_tracker b{"cache"};
  auto c = std::make_unique<memory_tracker>("cache");
  memory_tracker below{"x", b};
  BOOST_TEST((paths() == std::set<std::string>{"cache", "cache#2", "cache#3", "cache#2/x"}));
  a.charge(1);
  b.charge(2);
  c->charge(3);
  const auto in_use = values_of("zpmr_in_use_bytes");
  BOOST_TEST(in_use.at("cache") == 1);
  BOOST_TEST(in_use.at("cache#2") == 2);
  BOOST_TEST(in_use.at("cache#3") == 3);
  c->uncharge(3);
  b.uncharge(2);
  a.uncharge(1);
  c.reset();
  BOOST_TEST((paths() == std::set<std::string>{"cache", "cache#2", "cache#2/x"}));
}

BOOST_AUTO_TEST_CASE(a_number_is_not_given_to_two_where_a_name_looks_like_one) {
  {
    const memory_tracker a{"a"}, other{"a#2"}, again{"a"}, third{"a"};
    BOOST_TEST((paths() == std::set<std::string>{"a", "a#2", "a#3", "a#4"}));
  }
  {
    const memory_tracker a{"a"}, again{"a"}, other{"a#2"};
    BOOST_TEST((paths() == std::set<std::string>{"a", "a#2", "a#2#2"}));
  }
  {
    memory_tracker a{"a"};
    const memory_tracker below{"b", a}, alike{"a/b"};
    BOOST_TEST((paths() == std::set<std::string>{"a", "a/b", "a/b#2"}));
  }
  {
    const memory_tracker one{"\xff"}, two{"\xfe"};
    BOOST_TEST((paths() == std::set<std::string>{"\xef\xbf\xbd", "\xef\xbf\xbd#2"}));
  }
}

BOOST_AUTO_TEST_CASE(a_name_of_any_bytes_stays_one_label_on_one_line) {
  const memory_tracker tracker{"a \"b\"\\\nzpmr_in_use_bytes{tracker=\"forged\"} 1\n\xff"};
  const std::string page = scrape();
  BOOST_TEST(has_line(page, R"(zpmr_in_use_bytes{tracker="a \"b\"\\\nzpmr_in_use_bytes)"
                            R"({tracker=\"forged\"} 1\n)"
                            "\xef\xbf\xbd"
                            R"("} 0)"),
             page);
  BOOST_TEST(page.find('\xff') == page.npos);
}

BOOST_AUTO_TEST_CASE(what_an_allocator_cannot_tell_has_no_series) {
  for (const zpmr::allocator_resource* allocator : zpmr::allocators()) {
    const zpmr::allocator_stats stats = allocator->stats();
    for (const auto& each : zpmr::detail::figures<zpmr::allocator_stats>) {
      const auto values = values_of(std::string{each.metric});
      BOOST_TEST(values.contains(std::string{allocator->name()}) == each.read(stats).has_value(),
                 allocator->name() << ": " << each.metric);
    }
  }
}

BOOST_AUTO_TEST_CASE(figures_of_the_process_have_no_label_and_are_zpmrs_own) {
  const std::vector<MetricFamily> all = collect();
  for (const MetricFamily& each : all) BOOST_TEST(each.name.starts_with("zpmr_"));
  for (const auto& each : zpmr::detail::figures<zpmr::process_memory>) {
    const MetricFamily* const found = family(all, each.metric);
    if (found == nullptr) continue;
    BOOST_TEST(found->metric.size() == 1u);
    BOOST_TEST(found->metric.at(0).label.empty());
  }
  if (zpmr::sample_process_memory().resident) {
    BOOST_TEST(values_of("zpmr_process_resident_bytes").at("") > 0);
  }
}

BOOST_AUTO_TEST_CASE(no_family_is_without_a_series) {
  for (const MetricFamily& each : collect()) BOOST_TEST(!each.metric.empty(), each.name);
}

BOOST_AUTO_TEST_CASE(a_scrape_changes_no_figure) {
  memory_tracker tracker{"tracker"};
  tracker.charge(1000);
  const zpmr::memory_usage before = tracker.snapshot();
  BOOST_TEST(!scrape().empty());
  BOOST_TEST((tracker.snapshot() == before));
  tracker.uncharge(1000);
}
