// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_patterns
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory_resource>
#include <string>
#include <zpmr/trace_resource.hpp>

#include "../examples/make_trace/patterns.hpp"
#include "support/file_tree.hpp"
#include "support/traces.hpp"

namespace {

using zpmr::trace_event;
using zpmr::trace_operation;
using zpmr::test::read_trace;

constexpr std::uint64_t events = 10'000;

read_trace trace_of(void (*run)(std::pmr::memory_resource*, std::uint64_t)) {
  const zpmr::test::file_tree tree{};
  const std::string file = tree.root() + "/trace";
  zpmr::start_trace(file.c_str());
  zpmr::trace_resource memory{std::pmr::new_delete_resource()};
  run(&memory, events);
  zpmr::stop_trace();
  return read_trace{file};
}

/// Blocks in use after each event.
std::vector<std::size_t> in_use(const read_trace& trace) {
  std::vector<std::size_t> after;
  std::size_t now = 0;
  for (const trace_event& each : trace.events) {
    now += each.operation == trace_operation::allocation ? 1 : std::size_t(-1);
    after.push_back(now);
  }
  return after;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_pattern_makes_about_as_many_events_as_asked_for_and_frees_all) {
  for (const auto& each : make_trace::patterns) {
    BOOST_TEST_CONTEXT(each.name) {
      const read_trace trace = trace_of(each.run);
      BOOST_TEST(trace.events.size() > events * 9 / 10);
      BOOST_TEST(trace.events.size() <= events);
      BOOST_TEST(trace.in_use.empty());
      BOOST_TEST(trace.consistent);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_producer_only_allocates_and_the_consumer_only_frees) {
  const read_trace trace = trace_of(make_trace::producer_and_consumer);
  BOOST_TEST_REQUIRE(trace.threads() == 2u);
  for (const trace_event& each : trace.events) {
    BOOST_TEST_REQUIRE((each.operation == trace_operation::allocation) == (each.thread == 0));
  }
}

BOOST_AUTO_TEST_CASE(blocks_of_larson_outlive_the_thread_that_allocated_them) {
  const read_trace trace = trace_of(make_trace::larson);
  BOOST_TEST(trace.threads() == 4u * 8 + 4);  // each chain frees the last blocks itself
  std::map<std::uint32_t, std::uint32_t> owner;
  std::size_t freed_elsewhere = 0;
  for (const trace_event& each : trace.events) {
    if (each.operation == trace_operation::allocation) {
      owner[each.block] = each.thread;
    } else if (owner[each.block] != each.thread) {
      ++freed_elsewhere;
    }
  }
  BOOST_TEST(freed_elsewhere > events / 10);
}

BOOST_AUTO_TEST_CASE(a_burst_has_five_peaks_and_little_in_between) {
  const std::vector<std::size_t> now = in_use(trace_of(make_trace::burst));
  BOOST_TEST(std::ranges::max(now) == events / 20);
  BOOST_TEST(std::ranges::count(now, events / 20) == 5);
}

BOOST_AUTO_TEST_CASE(the_server_keeps_about_one_block_in_eight_to_the_end) {
  const read_trace trace = trace_of(make_trace::fragmenting_server);
  // What is freed after the last allocation: the last request, and all that was kept.
  std::size_t kept = 0;
  const auto last = std::ranges::find(trace.events.rbegin(), trace.events.rend(),
                                      trace_operation::allocation, &trace_event::operation);
  for (auto each = last.base(); each != trace.events.end(); ++each) kept += each->bytes < 48 * 6;
  BOOST_TEST(kept > events / 2 / 8 / 2);
  BOOST_TEST(kept < events / 2 / 8 * 2);
}
