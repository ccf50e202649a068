// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_output
#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <zpmr/trace_resource.hpp>

#include "support/death.hpp"
#include "support/killed_child.hpp"
#include "support/recording_fixture.hpp"
#include "support/threads.hpp"
#include "support/traces.hpp"

namespace {

using zpmr::trace_resource;
using zpmr::test::pair_of;
using zpmr::test::read_trace;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recording, zpmr::test::recording_fixture)

/// Those of one thread: its largest part of the file is filled several times.
constexpr int many_pairs = 400'000;

BOOST_AUTO_TEST_CASE(a_trace_of_several_mebibytes_has_all_events) {
  constexpr int threads = 2;
  start();
  trace_resource memory{upstream};
  pair_of(memory, 10);  // its thread has a part of the file to the end
  zpmr::test::run_together(threads, [&](unsigned) {
    for (int done = 0; done < many_pairs; ++done) pair_of(memory, 20);
  });
  pair_of(memory, 30);
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 2U * threads * many_pairs + 4);
  BOOST_TEST(trace.consistent);
  BOOST_TEST(!trace.cut_short);
}

BOOST_AUTO_TEST_CASE(each_part_of_the_file_tells_anew_which_resource_its_events_went_through) {
  start();
  const trace_resource unused{upstream};
  trace_resource memory{upstream};
  for (int i = 0; i < many_pairs; ++i) pair_of(memory, 20);
  const read_trace trace = stop_and_read();
  BOOST_TEST(std::ranges::count(trace.events, 1U, &zpmr::trace_event::resource) == 2 * many_pairs);
}

BOOST_AUTO_TEST_CASE(of_blocks_of_two_words_a_trace_of_several_mebibytes_has_all_events_in_order) {
  start();
  trace_resource memory{upstream};
  for (std::size_t i = 0; i < many_pairs; ++i) pair_of(memory, 3000 + i % 100);
  void* const last = memory.allocate(3000);
  const read_trace trace = stop_and_read();
  memory.deallocate(last, 3000);
  BOOST_TEST_REQUIRE(trace.events.size() == 2U * many_pairs + 1);
  BOOST_TEST(trace.in_use.size() == 1U);
  BOOST_TEST(trace.consistent);
  for (std::size_t i = 0; i < many_pairs; ++i) {
    BOOST_TEST_REQUIRE(trace.events[2 * i].bytes == 3000 + i % 100);
  }
}

BOOST_AUTO_TEST_CASE(a_process_that_is_killed_while_its_trace_grows_loses_nothing) {
  for (unsigned round = 0; round < 10; ++round) {
    const auto work = [&](auto ready) {
      start();
      trace_resource memory{upstream};
      for (int i = 0; i < many_pairs / 2; ++i) pair_of(memory, 20);
      ready();
      for (;;) pair_of(memory, 20);
    };
    zpmr::test::kill_in_the_middle(work, 997 * round);
    const read_trace trace{file};
    BOOST_TEST(trace.consistent);
    BOOST_TEST(trace.left_out == 0U);
    BOOST_TEST(trace.events.size() >= static_cast<std::size_t>(many_pairs));
  }
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_while_a_trace_grows_ends_it_with_all_that_was_recorded) {
  const auto child = zpmr::test::run_in_child([this] {
    constexpr rlimit some_copies{5'000'000, 5'000'000};
    ::setrlimit(RLIMIT_FSIZE, &some_copies);
    start();
    trace_resource memory{upstream};
    for (int i = 0; i < many_pairs; ++i) pair_of(memory, 20);
  });
  BOOST_TEST(child.status == 0);
  const read_trace trace{file};
  BOOST_TEST(trace.cut_short);
  BOOST_TEST(trace.left_out == 0U);
  BOOST_TEST(trace.consistent);
  // What fits below the limit, of 8 bytes an event and a little more.
  BOOST_TEST(trace.events.size() > 450'000U);
}

BOOST_AUTO_TEST_SUITE_END()
