// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_profile

#include "trace_profile.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "events.hpp"

using namespace zpmr::compare;
using zpmr::test::allocation;
using zpmr::test::deallocation;

BOOST_AUTO_TEST_CASE(classes_are_powers_of_two_with_their_upper_bound) {
  BOOST_TEST(class_of(0) == 0U);
  BOOST_TEST(class_of(1) == 0U);
  BOOST_TEST(class_of(2) == 1U);
  BOOST_TEST(class_of(64) == 6U);
  BOOST_TEST(class_of(65) == 7U);
  BOOST_TEST(class_of(UINT64_MAX) == 64U);
}

BOOST_AUTO_TEST_CASE(a_known_pattern_gives_the_known_profile) {
  profiler build(std::nullopt);
  build.add(allocation(0, 0, 100));
  build.add(allocation(1, 1, 1000));
  build.add(deallocation(1, 0, 100));   // after 2 events
  build.add(allocation(0, 0, 30));      // the number is given again
  build.add(deallocation(0, 1, 1000));  // after 3 events
  const trace_profile profile = std::move(build).finished();

  BOOST_TEST(profile.events == 5U);
  BOOST_TEST(profile.allocations == 3U);
  BOOST_TEST(profile.allocated_bytes == 1130U);
  BOOST_TEST(profile.bytes_in_use == 30U);
  BOOST_TEST(profile.blocks_in_use == 1U);
  BOOST_TEST(profile.peak_bytes == 1100U);
  BOOST_TEST(profile.peak_at == 2U);
  BOOST_TEST(profile.largest_block == 1000U);
  BOOST_TEST(profile.block_numbers == 2U);
  BOOST_TEST(profile.threads() == 2U);
  BOOST_TEST(profile.last_event_of_thread[0] == 5U);
  BOOST_TEST(profile.last_event_of_thread[1] == 3U);
  BOOST_TEST(profile.blocks_by_size[7] == 1U);   // up to 128
  BOOST_TEST(profile.blocks_by_size[10] == 1U);  // up to 1,024
  BOOST_TEST(profile.blocks_by_size_and_lifetime[7][1] == 1U);
  BOOST_TEST(profile.blocks_by_size_and_lifetime[10][2] == 1U);
  BOOST_TEST(profile.never_freed_by_size[5] == 1U);
  BOOST_TEST(profile.never_freed_by_size[7] == 0U);
}

BOOST_AUTO_TEST_CASE(a_peak_is_where_it_was_reached_first_and_the_latest_time_counts) {
  profiler build(std::nullopt);
  zpmr::trace_event first = allocation(0, 0, 100);
  first.time = std::chrono::nanoseconds(70);
  build.add(first);
  build.add(deallocation(0, 0, 100));
  build.add(allocation(1, 0, 100));  // by a thread that has looked at its clock before
  const trace_profile profile = std::move(build).finished();
  BOOST_TEST(profile.peak_at == 1U);
  BOOST_TEST(profile.duration.count() == 70);
}

BOOST_AUTO_TEST_CASE(more_than_the_available_memory_is_refused_at_the_event_that_needs_it) {
  profiler build(1000);
  build.add(allocation(0, 0, 600));
  build.add(allocation(0, 1, 400));
  build.add(deallocation(0, 0, 600));
  build.add(allocation(0, 0, 600));
  BOOST_CHECK_EXCEPTION(build.add(allocation(0, 2, 1)), bad_input, [](const bad_input& error) {
    return std::string(error.what()).find("event 5 ") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_small_block_at_an_alignment_above_the_available_memory_is_refused) {
  profiler build(1000);
  auto aligned = allocation(0, 0, 8);
  aligned.alignment = 512;
  build.add(aligned);
  aligned.block = 1;
  build.add(aligned);  // such blocks need not lie apart by as much: they count by their bytes
  aligned.block = 2;
  aligned.alignment = 1024;
  BOOST_CHECK_EXCEPTION(build.add(aligned), bad_input, [](const bad_input& error) {
    return std::string(error.what()).find("event 3 ") != std::string::npos;
  });
}
