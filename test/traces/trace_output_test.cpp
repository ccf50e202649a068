// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_output
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>
#include <zpmr/trace_resource.hpp>

#include "support/recording_fixture.hpp"
#include "support/traces.hpp"

namespace {

using zpmr::trace_resource;
using zpmr::test::pair_of;
using zpmr::test::read_trace;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recording, zpmr::test::recording_fixture)

// What lies some MiB behind is written to the disk, and taken out of memory, while others still
// fill their part of it.
BOOST_AUTO_TEST_CASE(a_trace_of_several_mebibytes_has_all_events) {
  constexpr int pairs_in_one = 100'000, threads = 4;
  start();
  trace_resource memory{upstream};
  pair_of(memory, 10);  // its thread has a part of the file to the end
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      for (int done = 0; done < pairs_in_one; ++done) pair_of(memory, 20);
    });
  }
  for (std::thread& each : all) each.join();
  pair_of(memory, 30);
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 2U * threads * pairs_in_one + 4);
  BOOST_TEST(trace.consistent);
  BOOST_TEST(!trace.cut_short);
}

BOOST_AUTO_TEST_SUITE_END()
