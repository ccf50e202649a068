// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_heaptrack
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <zpmr/trace_reader.hpp>

#include "support/file_tree.hpp"
#include "support/recorded.hpp"
#include "support/traces.hpp"

namespace {

using zpmr::trace_error;
using zpmr::trace_event;
using zpmr::trace_operation;
using zpmr::test::read_trace;

/// A file that starts as heaptrack's do.
struct scratch {
  zpmr::test::file_tree tree{};

  std::string file(const std::string& lines) const {
    tree.write("raw", "v 10400 3\nx 8 /program\n" + lines);
    return tree.root() + "/raw";
  }
  std::string refusal(const std::string& lines) const {
    const std::string name = file(lines);
    try {
      const read_trace all{name};
    } catch (const trace_error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }
};

bool contains(const std::string& text, const std::string& part) {
  BOOST_TEST_MESSAGE(text);
  return text.find(part) != text.npos;
}

}  // namespace

// Of a program that makes 50 strings, grows a block from 10 to 100,000 bytes, takes 1,024 aligned
// ones, starts a thread, which takes 200, and keeps 100.
BOOST_AUTO_TEST_CASE(a_real_recording_is_read) {
  const read_trace trace{zpmr::test::recorded("heaptrack") + "/raw"};
  const auto allocations = [&](std::uint64_t bytes) {
    return std::ranges::count_if(trace.events, [&](const trace_event& each) {
      return each.operation == trace_operation::allocation && each.bytes == bytes;
    });
  };
  BOOST_TEST(trace.events.size() == 128u);
  BOOST_TEST(trace.consistent);
  for (std::uint64_t length = 100; length < 150; ++length) {
    BOOST_TEST(allocations(length + 1) >= 1);
  }
  BOOST_TEST(allocations(10) == 1);
  BOOST_TEST(allocations(100'000) == 1);
  BOOST_TEST(allocations(1024) >= 1);
  BOOST_TEST(allocations(200) >= 1);
  BOOST_TEST(std::ranges::count(trace.events, 0u, &trace_event::thread) == 128);
  BOOST_TEST(std::ranges::count(trace.events, 16u, &trace_event::alignment) == 128);
  BOOST_TEST(trace.in_use.size() == 2u);
  BOOST_TEST(trace.left_out == 0u);
  BOOST_TEST(!trace.cut_short);
}

BOOST_FIXTURE_TEST_SUITE(made_by_hand, scratch)

BOOST_AUTO_TEST_CASE(times_are_in_milliseconds) {
  const read_trace trace{file("c 2\n+ 10 0 1000\nc 1f\n- 1000\n")};
  BOOST_TEST_REQUIRE(trace.events.size() == 2u);
  BOOST_TEST((trace.events[0].time == std::chrono::milliseconds{2}));
  BOOST_TEST((trace.events[1].time == std::chrono::milliseconds{31}));
  BOOST_TEST(trace.events[1].bytes == 16u);
}

BOOST_AUTO_TEST_CASE(blocks_from_before_the_recording_are_left_out_and_counted) {
  const read_trace trace{file("- 2000\n+ 10 0 1000\n- 1000\n- 1000\n")};
  BOOST_TEST(trace.events.size() == 2u);
  BOOST_TEST(trace.left_out == 2u);
}

// As with a realloc that moves the block, while another thread is given its old place.
BOOST_AUTO_TEST_CASE(a_deallocation_that_is_written_down_late_frees_the_older_block) {
  const read_trace trace{file("+ 10 0 1000\n+ 20 0 1000\n- 1000\n- 1000\n")};
  BOOST_TEST_REQUIRE(trace.events.size() == 4u);
  BOOST_TEST((trace.events[1].operation == trace_operation::deallocation));
  BOOST_TEST(trace.events[1].bytes == 16u);
  BOOST_TEST((trace.events[2].operation == trace_operation::allocation));
  BOOST_TEST(trace.events[3].bytes == 32u);
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(trace.left_out == 0u);
}

BOOST_AUTO_TEST_CASE(what_was_interpreted_is_refused_with_what_to_do) {
  BOOST_TEST(contains(refusal("s 7 program\nt 1 0\na 65 1\n+ 0\n- 0\n"), "heaptrack --raw"));
}

BOOST_AUTO_TEST_CASE(another_version_is_refused) {
  tree.write("raw", "v 10600 4\n+ 10 0 1000\n");
  BOOST_CHECK_EXCEPTION(read_trace{tree.root() + "/raw"}, trace_error, [](const auto& error) {
    return contains(error.what(), "a version known here, which is 3");
  });
}

BOOST_AUTO_TEST_CASE(damaged_lines_are_refused_by_their_number) {
  for (const char* line : {"+ 10 x 1000\n", "+ 10 0\n", "+ 10 0 1000 5\n", "-\n", "- \n", "-1000\n",
                           "- 11112222333344445\n", "c later\n"}) {
    BOOST_TEST(contains(refusal(std::string{"t 1 0\n"} + line), "line 4"), line);
  }
  BOOST_TEST(contains(refusal("+ 10 0 " + std::string(1000, '0') + "5\n"), "line 3"));
}

// Nothing of them is read, whatever it looks like.
BOOST_AUTO_TEST_CASE(long_lines_of_no_interest_are_passed_over) {
  const std::string lines = "m " + std::string(100'000, '+') + "\n\n+ 10 0 1000\n";
  const std::string name = file(lines);
  BOOST_TEST(read_trace{name}.events.size() == 1u);
  zpmr::trace_reader reader{name};
  while (reader.next()) {
  }
  BOOST_TEST(reader.progress() == 1.0);
  BOOST_TEST(contains(refusal(lines + "- x\n"), "line 6"));
}

BOOST_AUTO_TEST_CASE(a_recording_that_ends_in_the_middle_of_a_line_is_cut_short) {
  const read_trace trace{file("+ 10 0 1000\n+ 20 0 20")};
  BOOST_TEST(trace.events.size() == 1u);
  BOOST_TEST(trace.cut_short);
  BOOST_TEST(!read_trace{file("+ 10 0 1000\n")}.cut_short);
}

BOOST_AUTO_TEST_CASE(impossible_sizes_are_refused_by_the_number_of_the_event) {
  BOOST_TEST(contains(refusal("+ 10 0 1000\n+ ffffffffffffffff 0 2000\n"), "event 2"));
}

BOOST_AUTO_TEST_SUITE_END()
