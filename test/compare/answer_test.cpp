// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE answer

#include "answer.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "comparison.hpp"
#include "figures_text.hpp"

using namespace zpmr::compare;

namespace {

constexpr std::uint64_t mib = 1 << 20;

/// What was measured in runs of 1,000 events, which took so many nanoseconds for each.
result measured(const std::string& name, const std::vector<int>& ns, std::uint64_t peak,
                std::uint64_t end) {
  result one{{name, name, name, {}}, {}, {}};
  for (const int each : ns) {
    run done;
    done.processor_time = std::chrono::nanoseconds(each * 1000);
    done.samples = {{500, 10 * mib, peak}, {1000, 5 * mib, end}};
    done.peak_resident = peak;
    done.resident_after_release = end;
    one.runs.push_back(done);
  }
  return one;
}

comparison compared(std::vector<result> results) {
  comparison what;
  what.profile.events = 1000;
  what.own_cost = measured("nothing", {2, 2}, 0, 0);
  what.results = std::move(results);
  return what;
}

bool says(const comparison& what, const std::string& words) {
  const std::string answer = answer_of(what);
  BOOST_TEST_MESSAGE(answer);
  return answer.find(words) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_replays_own_time_is_taken_off_before_times_are_compared) {
  const comparison what = compared({measured("slow", {30, 30}, 20 * mib, 10 * mib),
                                    measured("fast", {22, 22}, 20 * mib, 10 * mib)});
  BOOST_TEST(what.own_time().value() == 2);
  BOOST_TEST(what.time_of(what.results[0])->median == 28);
  BOOST_TEST(says(what, "fast is fastest, with 20.0 ns an operation: 1.40 times as fast as slow."));
  BOOST_TEST(says(what, "For this load take fast: none is faster, and none needs less memory"));
  BOOST_TEST(says(what, "At the end all hold about the same."));
}

BOOST_AUTO_TEST_CASE(what_takes_no_longer_than_the_replay_itself_takes_no_time) {
  const comparison what = compared({measured("none", {1, 2}, 20 * mib, mib)});
  const auto time = what.time_of(what.results[0]);
  BOOST_TEST(time->least == 0);
  BOOST_TEST(time->median == 0);
  BOOST_TEST(time->most == 0);
}

BOOST_AUTO_TEST_CASE(the_median_of_an_even_number_lies_between_the_two_in_the_middle) {
  BOOST_TEST(spread_of({10, 1, 3, 2})->median == 2.5);
  BOOST_TEST(spread_of({3, 1, 2})->median == 2);
  BOOST_TEST(!spread_of({}).has_value());
}

BOOST_AUTO_TEST_CASE(less_memory_is_told_in_percent) {
  const comparison what = compared({measured("lean", {30, 30}, 20 * mib, 78 * mib),
                                    measured("fast", {20, 20}, 40 * mib, 100 * mib)});
  BOOST_TEST(says(what, "take fast if time matters more, lean if memory does."));
  BOOST_TEST(says(what, "At the peak lean holds least, 20.0 MiB: 50 % less than fast."));
  BOOST_TEST(says(what, "At the end lean holds least, 78.0 MiB: 22 % less than fast."));
}

BOOST_AUTO_TEST_CASE(a_clear_difference_is_told_though_one_run_of_the_faster_one_was_slow) {
  const comparison what = compared({measured("quick", {28, 42, 57, 35, 44}, 21 * mib, mib),
                                    measured("slow", {56, 58, 63, 59, 60}, 20 * mib, mib)});
  BOOST_TEST(says(what, "take quick if time matters more, slow if memory does."));
  BOOST_TEST(
      says(what, "quick is fastest, with 40.0 ns an operation: 1.43 times as fast as slow."));
}

BOOST_AUTO_TEST_CASE(times_that_differ_no_more_than_their_runs_are_not_called_different) {
  const comparison what = compared({measured("one", {20, 26, 32, 38, 44}, 21 * mib, mib),
                                    measured("other", {24, 30, 36, 42, 48}, 20 * mib, mib),
                                    measured("slow", {60, 62, 64, 66, 68}, 20 * mib, mib)});
  BOOST_TEST(says(what,
                  "one and other are fastest, with no clear difference between them: "
                  "30.0 to 34.0 ns an operation; one is 2.07 times as fast as slow."));
  BOOST_TEST(!says(what, "times as fast as other"));
  // Nor are they called equal.
  BOOST_TEST(says(what, "take one if time matters more, other if memory does."));
}

BOOST_AUTO_TEST_CASE(more_runs_make_the_same_difference_clear) {
  std::vector<int> one, other;
  for (int i = 0; i < 20; ++i) {
    one.push_back(20 + i);
    other.push_back(28 + i);
  }
  const comparison what =
      compared({measured("one", one, 20 * mib, mib), measured("other", other, 20 * mib, mib)});
  BOOST_TEST(says(what, "one is fastest"));
}

BOOST_AUTO_TEST_CASE(one_that_is_not_told_apart_does_not_hide_another_that_is_behind) {
  const comparison what = compared({measured("best", {20, 21, 22, 23, 24}, 20 * mib, mib),
                                    measured("behind", {30, 31, 32, 33, 34}, 20 * mib, mib),
                                    measured("wild", {18, 19, 40, 60, 90}, 20 * mib, mib)});
  BOOST_TEST(says(what, "best and wild are fastest"));
  BOOST_TEST(says(what, "best is 1.50 times as fast as behind."));
}

BOOST_AUTO_TEST_CASE(equal_times_are_decided_by_memory) {
  const comparison what = compared({measured("one", {302, 302, 302, 302, 302}, 30 * mib, mib),
                                    measured("lean", {310, 310, 310, 310, 310}, 20 * mib, mib)});
  BOOST_TEST(says(what, "For this load take lean: none is faster, and none needs less memory"));
}

BOOST_AUTO_TEST_CASE(a_time_no_longer_than_the_replays_own_is_said_to_be_that) {
  const comparison what = compared(
      {measured("quick", {1, 2, 2, 1, 2}, 0, 0), measured("slow", {20, 21, 22, 23, 24}, 0, 0)});
  BOOST_TEST(
      says(what, "quick is fastest, with a time that cannot be told from the replay's own."));
  BOOST_TEST(!says(what, "times as fast"));
}

BOOST_AUTO_TEST_CASE(few_runs_are_said_to_tell_little) {
  const std::string words = "for so few runs no difference is clear. Give --runs 4 or more.";
  const auto after = [](const std::vector<int>& one, const std::vector<int>& other) {
    return compared({measured("one", one, 0, 0), measured("other", other, 0, 0)});
  };
  BOOST_TEST(says(after({20, 20, 20}, {30, 30, 30}), words));
  BOOST_TEST(says(after({20, 20, 20}, {30, 30, 30}), "one is fastest"));
  BOOST_TEST(!says(after({20, 20, 20, 20}, {30, 30, 30, 30}), words));
}

BOOST_AUTO_TEST_CASE(what_is_among_the_fastest_and_among_the_leanest_is_recommended) {
  const comparison what = compared({measured("quick", {100, 100}, 40 * mib, mib),
                                    measured("both", {102, 102}, 206 * mib / 10, mib),
                                    measured("lean", {200, 200}, 20 * mib, mib)});
  BOOST_TEST(says(what, "take both: none is faster, and none needs less memory at the peak."));
}

BOOST_AUTO_TEST_CASE(little_memory_is_not_compared) {
  const comparison what =
      compared({measured("one", {20, 20}, 4096, 0), measured("other", {30, 30}, 40960, 0)});
  BOOST_TEST(says(what, "all need too little memory for a comparison of it."));
  BOOST_TEST(!says(what, "less than"));
  BOOST_TEST(says(what, "For this load take one: none is faster, and all need too little"));
}

BOOST_AUTO_TEST_CASE(several_that_hold_least_are_told_with_the_range_of_what_they_hold) {
  const comparison what = compared({measured("one", {20, 20}, 100 * mib, mib),
                                    measured("other", {20, 20}, 102 * mib, mib),
                                    measured("much", {30, 30}, 200 * mib, mib)});
  BOOST_TEST(says(what,
                  "At the peak one and other hold least, 100 MiB to 102 MiB; "
                  "one has 50 % less than much."));
  BOOST_TEST(says(what, "At the end all hold about the same."));
}

BOOST_AUTO_TEST_CASE(those_that_hold_little_are_not_told_apart) {
  const comparison what = compared({measured("nearly", {20, 20}, 20 * mib, 4096),
                                    measured("nothing left", {20, 20}, 20 * mib, 0),
                                    measured("much", {30, 30}, 20 * mib, 8 * mib)});
  BOOST_TEST(says(what,
                  "At the end nothing left and nearly hold least, 0 B to 4.00 KiB; "
                  "nothing left has 100 % less than much."));
}

BOOST_AUTO_TEST_CASE(memory_is_compared_where_one_needs_enough_of_it) {
  const comparison what =
      compared({measured("one", {20, 20}, 4096, 0), measured("other", {30, 30}, 2 * mib, 0)});
  BOOST_TEST(says(what, "take one: none is faster, and none needs less memory at the peak."));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_not_compared) {
  result unknown = measured("unknown", {20, 20}, 0, 0);
  for (run& each : unknown.runs) {
    each.peak_resident.reset();
    each.resident_after_release.reset();
    for (sample& at : each.samples) at.resident.reset();
  }
  BOOST_TEST(!peak_resident(unknown).has_value());
  BOOST_TEST(!resident_for_a_byte(unknown).has_value());
  const comparison what = compared({unknown, measured("known", {30, 30}, 20 * mib, 10 * mib)});
  BOOST_TEST(!says(what, "% less"));
}

BOOST_AUTO_TEST_CASE(what_was_not_measured_is_named) {
  result none{{"late", "late", "late", {}}, {}, {}};
  const comparison what = compared({measured("one", {20, 20}, 20 * mib, mib), none});
  BOOST_TEST(says(what, "Not measured: late."));
}

BOOST_AUTO_TEST_CASE(resident_for_a_byte_is_an_average_over_the_trace) {
  const result one = measured("one", {20, 20}, 30 * mib, 15 * mib);
  BOOST_TEST(resident_for_a_byte(one).value() == 3);
}

BOOST_AUTO_TEST_CASE(resident_for_a_byte_is_unknown_where_one_reading_is) {
  result one = measured("one", {20, 20}, 30 * mib, 15 * mib);
  one.runs[1].samples[0].resident.reset();
  BOOST_TEST(!resident_for_a_byte(one).has_value());
}

BOOST_AUTO_TEST_CASE(times_are_told_in_three_digits_of_the_unit_that_suits_them) {
  using std::chrono::nanoseconds;
  BOOST_TEST(time_text(nanoseconds(999)) == "999 ns");
  BOOST_TEST(time_text(nanoseconds(1000)) == "1.00 µs");
  BOOST_TEST(time_text(nanoseconds(999'499)) == "999 µs");
  BOOST_TEST(time_text(nanoseconds(999'500)) == "1.00 ms");
  BOOST_TEST(time_text(std::chrono::hours(2)) == "7,200 s");
}

BOOST_AUTO_TEST_CASE(numbers_are_told_in_three_digits_or_in_groups_of_three) {
  BOOST_TEST(number_text(1.234) == "1.23");
  BOOST_TEST(number_text(999.4) == "999");
  BOOST_TEST(number_text(999.6) == "1,000");
  BOOST_TEST(number_text(16151469.2) == "16,151,469");
}

BOOST_AUTO_TEST_CASE(a_trace_of_one_event_is_told_of_as_one) {
  trace_profile profile;
  profile.events = profile.allocations = 1;
  profile.last_event_of_thread = {1};
  BOOST_TEST(description_of(profile) ==
             "1 event, 1 of them an allocation, by 1 thread; at most 0 B in use, 0 B at the end.");
  profile.events = profile.allocations = 2;
  profile.cut_short = true;
  BOOST_TEST(
      description_of(profile) ==
      "2 events, 2 of them allocations, by 1 thread; at most 0 B in use, 0 B at the end. The "
      "recording was cut short.");
  profile.left_out = 1;
  BOOST_TEST(description_of(profile).ends_with(
      "cut short. Left out, as they refer to what is not there: 1 event."));
}

BOOST_AUTO_TEST_CASE(of_a_short_trace_it_says_what_it_does_not_tell) {
  comparison what = compared({});
  what.profile.events = 1023;
  BOOST_TEST(remarks_on(what).find("Record a longer run.") != std::string::npos);
  what.profile.events = 1024;
  BOOST_TEST(remarks_on(what).find("Record a longer run.") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_nearly_all_less_is_not_told_as_all) {
  const comparison what = compared({measured("a", {20, 20}, 9000 * mib, 2 * mib),
                                    measured("b", {20, 20}, 9000 * mib, 9000 * mib)});
  BOOST_TEST(says(what, "a holds least, 2.00 MiB: 99 % less than b."));
}

BOOST_AUTO_TEST_CASE(large_numbers_are_told_in_groups_of_three_digits) {
  BOOST_TEST(grouped(0) == "0");
  BOOST_TEST(grouped(999) == "999");
  BOOST_TEST(grouped(1000) == "1,000");
  BOOST_TEST(grouped(1234567) == "1,234,567");
}
