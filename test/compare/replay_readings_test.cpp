// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE replay_readings

#include "replay_readings.hpp"

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

using namespace zpmr::compare;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

reading with(std::optional<std::size_t> resident, std::optional<std::size_t> peak = {}) {
  return {3ns, 5ns, resident, peak};
}

/// Returns: what the user is told, or nothing.
std::string refusal(replay_readings& of, const reading& now) {
  try {
    of.note(now, 700, 1);
  } catch (const bad_input& error) {
    return error.what();
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(times_add_up_and_memory_counts_from_before_the_first_event) {
  replay_readings readings(with(10 * mib), "x", std::nullopt);
  readings.note(with(14 * mib), 100, 50);
  readings.note(with(12 * mib), 200, 20);
  const run done = std::move(readings).finished({11 * mib, {}});
  BOOST_TEST(done.processor_time.count() == 6);
  BOOST_TEST(done.elapsed.count() == 10);
  BOOST_TEST_REQUIRE(done.samples.size() == 2U);
  BOOST_TEST(done.samples[1].event == 200U);
  BOOST_TEST(done.samples[1].bytes_in_use == 20U);
  BOOST_TEST(done.samples[0].resident.value() == 4 * mib);
  BOOST_TEST(done.final_resident().value() == 2 * mib);
  BOOST_TEST(done.peak_resident.value() == 4 * mib);
  BOOST_TEST(done.resident_after_release.value() == 1 * mib);
}

BOOST_AUTO_TEST_CASE(the_systems_peak_counts_only_if_it_has_risen_since_the_first_event) {
  replay_readings risen(with(10 * mib, 12 * mib), "x", std::nullopt);
  risen.note(with(14 * mib, 19 * mib), 100, 50);
  BOOST_TEST(std::move(risen).finished({}).peak_resident.value() == 9 * mib);

  replay_readings from_before(with(10 * mib, 30 * mib), "x", std::nullopt);
  from_before.note(with(14 * mib, 30 * mib), 100, 50);
  BOOST_TEST(std::move(from_before).finished({}).peak_resident.value() == 4 * mib);
}

BOOST_AUTO_TEST_CASE(a_reading_above_the_systems_peak_counts) {
  replay_readings measured(with(10 * mib, 12 * mib), "x", std::nullopt);
  measured.note(with(20 * mib, 13 * mib), 100, 50);
  BOOST_TEST(std::move(measured).finished({}).peak_resident.value() == 10 * mib);
}

BOOST_AUTO_TEST_CASE(what_the_system_does_not_tell_stays_unknown) {
  replay_readings readings(with({}), "x", 1);
  BOOST_TEST(refusal(readings, with(14 * mib)).empty());
  const run done = std::move(readings).finished({14 * mib, {}});
  BOOST_TEST(!done.final_resident());
  BOOST_TEST(!done.peak_resident);
  BOOST_TEST(!done.resident_after_release);
}

BOOST_AUTO_TEST_CASE(a_replay_that_takes_more_than_is_available_is_ended_by_name_and_event) {
  replay_readings readings(with(10 * mib), "hoarder", 4 * mib);
  BOOST_TEST(refusal(readings, with(14 * mib)).empty());
  const std::string told = refusal(readings, with(15 * mib));
  for (const char* part : {"on hoarder, event 700 takes the process to 5.00 MiB",
                           "only 4.00 MiB of memory were free", "leave hoarder out"}) {
    BOOST_TEST(told.find(part) != told.npos, told);
  }
}
