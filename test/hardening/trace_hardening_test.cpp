// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_hardening

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <zpmr/counting_resource.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/trace_reader.hpp>
#include <zpmr/trace_resource.hpp>

#include "support/containers.hpp"
#include "support/failing_mmap.hpp"
#include "support/failing_new.hpp"
#include "support/probe_resource.hpp"
#include "support/recorded.hpp"
#include "support/recording_fixture.hpp"

namespace {

using zpmr::fail_each_allocation;
using zpmr::test::fail_each_new;
using zpmr::test::mmap_failures;
using zpmr::test::probe_resource;
using zpmr::test::read_trace;
using zpmr::test::recording_fixture;
using zpmr::test::use_containers;

/// Returns: how many events `file` has. Each that fails for want of memory must be the last.
std::uint64_t read_all(const std::string& file) {
  zpmr::trace_reader reader{file};
  try {
    while (reader.next()) {
    }
  } catch (const std::bad_alloc&) {
    if (reader.next()) throw std::runtime_error("there is a next event after a failure");
    throw;
  }
  return reader.events();
}

}  // namespace

// The first, as the first recording of a process takes most.
BOOST_FIXTURE_TEST_CASE(a_recording_that_finds_no_room_to_map_begins_not_at_all_or_ends_early,
                        recording_fixture) {
  unsigned begun = 0;
  BOOST_TEST(fail_each_allocation(mmap_failures, {}, [&] {
               try {
                 start();
                 ++begun;
               } catch (const std::system_error& error) {
                 if (error.code() != std::errc::not_enough_memory) throw;
               }
               zpmr::trace_resource memory{upstream};
               zpmr::test::pair_of(memory, 100);
               zpmr::stop_trace();
             }) > 2u);
  BOOST_TEST(begun > 2u);
  const read_trace trace{file};  // the last one, which got through
  BOOST_TEST(trace.events.size() == 2u);
  BOOST_TEST(!trace.cut_short);
}

BOOST_FIXTURE_TEST_CASE(a_recording_has_what_was_allocated_and_nothing_that_failed,
                        recording_fixture) {
  probe_resource probe;
  zpmr::failure_schedule failures;
  zpmr::failing_resource scarce{&probe, failures};
  zpmr::counting_resource below{&scarce};
  start();
  zpmr::trace_resource memory{&below};
  zpmr::counting_resource above{&memory};
  BOOST_TEST(fail_each_allocation(failures, {&below.tracker(), &above.tracker()},
                                  [&] { use_containers(&above); }) > 100u);
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 2 * probe.allocations());
  BOOST_TEST(trace.consistent);
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(probe.bytes() == 0u);
}

BOOST_FIXTURE_TEST_CASE(to_record_takes_nothing_from_operator_new, recording_fixture) {
  zpmr::test::check_takes_nothing([&] {
    start();
    zpmr::trace_resource memory{upstream};
    zpmr::stop_trace();
    static_cast<void>(zpmr::start_trace_from_environment());
  });
}

BOOST_FIXTURE_TEST_CASE(a_refused_recording_can_be_told_or_not_but_never_begins,
                        recording_fixture) {
  const std::string nowhere = tree.root() + "/no directory/trace";
  BOOST_TEST(fail_each_new({}, [&] {
               try {
                 zpmr::start_trace(nowhere.c_str());
               } catch (const std::system_error&) {
               }
             }) > 0u);
  start();  // no other is being recorded
}

BOOST_FIXTURE_TEST_CASE(a_reader_that_finds_no_memory_gives_all_of_it_back, recording_fixture) {
  start();
  zpmr::trace_resource memory{upstream};
  use_containers(&memory);
  zpmr::stop_trace();
  const std::uint64_t events = read_all(file);
  std::uint64_t least = events;
  BOOST_TEST(fail_each_new({}, [&] { least = std::min(least, read_all(file)); }) > 10u);
  BOOST_TEST(least == events);
}

BOOST_FIXTURE_TEST_CASE(so_does_one_that_reads_the_text_of_another_tool, recording_fixture) {
  const std::string text = zpmr::test::recorded("heaptrack") + "/raw";
  const std::uint64_t events = read_all(text);
  BOOST_TEST(events > 0u);
  BOOST_TEST(fail_each_new({}, [&] {
               if (read_all(text) != events) throw std::runtime_error("events are missing");
             }) > 2u);
}

BOOST_FIXTURE_TEST_CASE(a_fault_in_a_trace_is_told_or_there_is_no_memory_to_tell_it,
                        recording_fixture) {
  tree.write("text", "Once upon a time");
  const std::string text = tree.root() + "/text";
  unsigned told = 0;
  BOOST_TEST(fail_each_new({}, [&] {
               try {
                 read_all(text);
               } catch (const zpmr::trace_error&) {
                 ++told;
               }
             }) > 2u);
  BOOST_TEST(told > 0u);
}
