// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_cut
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <memory_resource>
#include <random>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/trace_reader.hpp>
#include <zpmr/trace_resource.hpp>

#include "support/handmade_trace.hpp"

namespace {

using namespace zpmr::test;
namespace format = zpmr::detail::trace;
using zpmr::trace_error;
using zpmr::trace_operation;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cut_traces, trace_file)

/// A trace of two threads that free each other's blocks.
std::string recorded_text(const trace_file& s) {
  const std::string name = s.tree.root() + "/whole";
  zpmr::start_trace(name.c_str());
  zpmr::trace_resource memory{std::pmr::new_delete_resource()};
  for (std::size_t round = 0; round < 20; ++round) {
    std::vector<void*> blocks(20);
    for (void*& each : blocks) each = memory.allocate(100 * round);
    std::jthread{[&] {
      for (void* each : blocks) memory.deallocate(each, 100 * round);
    }};
  }
  zpmr::stop_trace();
  std::ifstream in{name, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

BOOST_AUTO_TEST_CASE(a_trace_that_was_cut_anywhere_can_be_read_up_to_there) {
  const std::string whole = recorded_text(*this);
  const read_trace all{file(whole)};
  BOOST_TEST_REQUIRE(all.events.size() == 800u);
  std::size_t most = 0;
  for (std::size_t length = 32; length < whole.size(); length += 173) {
    const read_trace part{file(whole.substr(0, length))};
    BOOST_TEST_REQUIRE(part.cut_short);
    BOOST_TEST_REQUIRE(part.consistent);
    BOOST_TEST_REQUIRE(part.events.size() >= most);
    most = part.events.size();
    BOOST_TEST_REQUIRE(part.events.size() + part.left_out <= all.events.size());
  }
  BOOST_TEST(most > 700u);
}

BOOST_AUTO_TEST_CASE(a_trace_that_was_cut_in_its_header_is_refused) {
  const std::string whole = recorded_text(*this);
  for (std::size_t length = 0; length < 32; ++length) {
    BOOST_TEST(tells(refusal(whole.substr(0, length)), {length < 8 ? "is no trace" : "cut short"}));
  }
}

BOOST_AUTO_TEST_CASE(events_that_refer_to_what_was_cut_off_are_left_out_and_counted) {
  handmade made;
  made.chunk(0, 20, {freed(), small(5, place + 64), small(6, place + 64), freed(place + 64)});
  made.words[3] += format::page_bytes;  // there was another chunk
  const read_trace trace{file(made)};
  BOOST_TEST(trace.cut_short);
  BOOST_TEST(trace.left_out == 1u);
  BOOST_TEST_REQUIRE(trace.events.size() == 4u);
  BOOST_TEST((trace.events[1].operation == trace_operation::deallocation));
  BOOST_TEST(trace.events[1].bytes == 5u);
  BOOST_TEST(trace.events[2].bytes == 6u);
  BOOST_TEST(trace.in_use.empty());
}

BOOST_AUTO_TEST_CASE(a_trace_with_any_byte_changed_is_read_or_refused) {
  const std::string whole = recorded_text(*this);
  std::mt19937 random{20240607};
  unsigned refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string changed = whole;
    for (int change = 0; change < 1 + i % 3; ++change) {
      // Where there is something: the first 50 words of a page.
      const std::size_t at = random() % (whole.size() / 4096) * 4096 + random() % 400;
      changed[at] = static_cast<char>(random());
    }
    try {
      const read_trace trace{file(changed)};
      BOOST_TEST_REQUIRE(trace.consistent);
    } catch (const trace_error&) {
      ++refused;
    }
  }
  BOOST_TEST(refused > 150u);
  BOOST_TEST(refused < 1000u);
}

BOOST_AUTO_TEST_SUITE_END()
