// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_start_and_end
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <memory_resource>
#include <random>
#include <semaphore>
#include <string>
#include <system_error>
#include <thread>
#include <vector>
#include <zpmr/trace_resource.hpp>

#include "support/child_process.hpp"
#include "support/death.hpp"
#include "support/killed_child.hpp"
#include "support/recording_fixture.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::start_trace;
using zpmr::stop_trace;
using zpmr::trace_event;
using zpmr::trace_resource;
using zpmr::test::pair_of;
using zpmr::test::read_trace;

/// What `deed` throws as a system_error, in words.
template <class F>
std::string refusal(F deed) {
  try {
    deed();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(starting, zpmr::test::recording_fixture)

BOOST_AUTO_TEST_CASE(one_trace_goes_on_at_a_time) {
  start();
  BOOST_TEST(contains(refusal([&] { start_trace((file + "2").c_str()); }), file + "2"));
  trace_resource memory{upstream};
  pair_of(memory, 1);
  BOOST_TEST(stop_and_read().events.size() == 2u);
  stop_trace();  // the second time it does nothing
}

// The thread has taken part in the first, and is the second one to record in the second.
BOOST_AUTO_TEST_CASE(a_second_trace_numbers_threads_and_resources_and_times_from_nothing) {
  using clock = std::chrono::steady_clock;
  std::binary_semaphore to_thread{0};
  std::binary_semaphore from_thread{0};
  trace_resource* memory = nullptr;
  std::jthread thread{[&] {
    for (int trace = 0; trace < 2; ++trace) {
      to_thread.acquire();
      pair_of(*memory, 2);
      from_thread.release();
    }
  }};
  const auto record = [&](const std::string& name) {
    start_trace(name.c_str());
    const trace_resource unused{upstream};
    trace_resource used{upstream};
    memory = &used;
    pair_of(used, 1);
    to_thread.release();
    from_thread.acquire();
    stop_trace();
    return read_trace{name};
  };
  BOOST_TEST(record(file).threads() == 2U);
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  const clock::time_point start_of_second = clock::now();
  const read_trace second = record(file + "2");  // the thread still has a part of the other
  const clock::duration took = clock::now() - start_of_second;
  BOOST_TEST_REQUIRE(second.events.size() == 4U);
  for (std::uint32_t i = 0; i < 4; ++i) {
    BOOST_TEST(second.events[i].thread == i / 2);
    BOOST_TEST(second.events[i].resource == 1U);
    BOOST_TEST(second.events[i].time.count() >= 0);
    BOOST_TEST((second.events[i].time <= took));
  }
}

// Its next event, if it is in the middle of one, would be written to what is no more.
BOOST_AUTO_TEST_CASE(a_file_of_which_a_thread_still_has_a_part_is_not_made_anew) {
  start();
  trace_resource memory{upstream};
  std::binary_semaphore recorded{0};
  std::binary_semaphore refused{0};
  std::binary_semaphore let_go{0};
  std::binary_semaphore end{0};
  std::jthread thread{[&] {
    pair_of(memory, 1);
    recorded.release();
    refused.acquire();
    pair_of(memory, 1);  // of no trace any more
    let_go.release();
    end.acquire();
  }};
  recorded.acquire();
  stop_trace();
  const std::string message = refusal([&] { start(); });
  refused.release();
  let_go.acquire();
  const std::string none = refusal([&] { start(); });
  end.release();
  BOOST_TEST(contains(message, "busy"), message);
  BOOST_TEST(none == "nothing was thrown");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_written_is_refused_by_name) {
  for (const std::string& bad : {tree.root() + "/none/trace", tree.root(), std::string{"/dev/full"},
                                 std::string{"/dev/null"}, std::string{}}) {
    const std::string message = refusal([&] { start_trace(bad.c_str()); });
    BOOST_TEST(contains(message, '"' + bad + '"'), message);
    BOOST_TEST(contains(message, "Name a regular file"), message);
  }
  start();  // a failure leaves nothing behind
}

BOOST_AUTO_TEST_CASE(a_file_that_another_process_records_into_is_left_alone) {
  start();
  trace_resource memory{upstream};
  pair_of(memory, 1);
  BOOST_TEST(
      zpmr::test::holds_in_child([&] { return contains(refusal([&] { start(); }), "busy"); }));
  pair_of(memory, 1);
  BOOST_TEST(stop_and_read().events.size() == 4u);
}

BOOST_AUTO_TEST_CASE(the_environment_starts_a_trace) {
  ::unsetenv("ZPMR_TRACE");
  BOOST_TEST(!zpmr::start_trace_from_environment());
  ::setenv("ZPMR_TRACE", "", 1);
  BOOST_TEST(!zpmr::start_trace_from_environment());
  ::setenv("ZPMR_TRACE", file.c_str(), 1);
  BOOST_TEST(zpmr::start_trace_from_environment());
  trace_resource memory{upstream};
  pair_of(memory, 1);
  BOOST_TEST(stop_and_read().events.size() == 2u);
  ::unsetenv("ZPMR_TRACE");
}

BOOST_AUTO_TEST_CASE(a_bad_name_in_the_environment_is_told_in_one_line) {
  const auto child = zpmr::test::run_in_child([] {
    ::setenv("ZPMR_TRACE", "/dev/full", 1);
    if (zpmr::start_trace_from_environment()) ::_exit(1);
    trace_resource memory{std::pmr::new_delete_resource()};
    pair_of(memory, 1);
  });
  BOOST_TEST(child.status == 0);
  BOOST_TEST(contains(child.message, "zpmr: cannot record a trace into \"/dev/full\": "));
  BOOST_TEST(std::ranges::count(child.message, '\n') == 1);
}

BOOST_AUTO_TEST_CASE(a_name_of_any_length_in_the_environment_is_told_in_one_line_that_is_cut) {
  const auto child = zpmr::test::run_in_child([] {
    ::setenv("ZPMR_TRACE", std::string(1000, 'x').c_str(), 1);
    if (zpmr::start_trace_from_environment()) ::_exit(1);
  });
  BOOST_TEST(child.status == 0);
  BOOST_TEST(child.message.size() > 500U);
  BOOST_TEST(child.message.size() < 512U);
  BOOST_TEST(child.message.find('\n') == child.message.size() - 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ending, zpmr::test::recording_fixture)

BOOST_AUTO_TEST_CASE(nothing_that_was_done_is_lost_when_the_process_is_killed) {
  zpmr::test::kill_in_the_middle([this](auto ready) {
    start();
    trace_resource memory{upstream};
    std::atomic<unsigned> done{0};
    // Two threads that are idle when it happens, and two that are not.
    const auto work = [&](unsigned index) {
      for (std::size_t i = 0; i < 3000; ++i) pair_of(memory, index);
      if (++done == 4) ready();
      while (index < 2) ::pause();
      for (;;) pair_of(memory, index);
    };
    zpmr::test::run_together(4, work);
  });

  const read_trace trace{file};
  BOOST_TEST(!trace.cut_short);
  BOOST_TEST(trace.left_out == 0u);
  BOOST_TEST_REQUIRE(trace.threads() == 4u);
  for (std::uint32_t thread = 0; thread < 4; ++thread) {
    const std::vector<trace_event> own = trace.of_thread(thread);
    BOOST_TEST(own.size() >= 6000u);
    if (own.front().bytes < 2) BOOST_TEST(own.size() == 6000u);
  }
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_ends_the_trace_and_not_the_program) {
  const auto child = zpmr::test::run_in_child([this] {
    constexpr rlimit small{200'000, 200'000};  // as if: the next chunk does not fit
    ::setrlimit(RLIMIT_FSIZE, &small);
    start();
    trace_resource memory{upstream};
    std::vector<void*> blocks;
    for (int i = 0; i < 100'000; ++i) blocks.push_back(memory.allocate(10));
    for (void* each : blocks) memory.deallocate(each, 10);
    trace_resource another{upstream};
    pair_of(another, 1);
  });
  BOOST_TEST(child.status == 0);
  BOOST_TEST(contains(child.message, "zpmr: the trace ends here, and the program goes on: File"));
  BOOST_TEST(std::ranges::count(child.message, '\n') == 1);
  const read_trace trace{file};
  BOOST_TEST(trace.cut_short);
  BOOST_TEST(trace.left_out == 0u);
  BOOST_TEST(trace.events.size() > 10'000u);
  BOOST_TEST(trace.in_use.size() == trace.events.size());
}

// One thread stops at some point, and what others do later may refer to what it did not record.
BOOST_AUTO_TEST_CASE(when_the_disk_is_full_the_trace_ends_for_all_threads_at_once) {
  const auto child = zpmr::test::run_in_child([this] {
    constexpr rlimit small{1'000'000, 1'000'000};
    ::setrlimit(RLIMIT_FSIZE, &small);
    start();
    trace_resource memory{upstream};
    std::array<std::atomic<void*>, 16> places{};
    zpmr::test::run_together(3, [&](unsigned seed) {
      std::mt19937 random{seed};
      for (int i = 0; i < 60'000; ++i) {
        void* const old = places[random() % places.size()].exchange(memory.allocate(10));
        if (old != nullptr) memory.deallocate(old, 10);
      }
    });
    for (auto& each : places) memory.deallocate(each, 10);
  });
  BOOST_TEST(child.status == 0);
  const read_trace trace{file};
  BOOST_TEST(trace.cut_short);
  BOOST_TEST(trace.consistent);
  BOOST_TEST(trace.in_use.size() <= 16u + 3u);
  BOOST_TEST(trace.events.size() > 50'000u);
}

BOOST_AUTO_TEST_CASE(stopping_while_threads_record_gives_a_whole_trace) {
  for (int round = 0; round < 10; ++round) {
    start();
    trace_resource memory{upstream};
    std::array<std::atomic<void*>, 4> places{};
    std::atomic<bool> done{false};
    std::atomic<unsigned> busy{0};
    const auto work = [&](unsigned seed) {
      std::mt19937 random{seed};
      ++busy;
      while (!done) {
        void* const old = places[random() % places.size()].exchange(memory.allocate(10));
        if (old != nullptr) memory.deallocate(old, 10);
      }
    };
    {
      std::jthread one{work, 1};
      std::jthread two{work, 2};
      while (busy < 2) std::this_thread::yield();
      stop_trace();
      done = true;
    }
    for (auto& each : places) {
      if (each != nullptr) memory.deallocate(each, 10);
    }
    const read_trace trace{file};
    BOOST_TEST(trace.consistent);
    BOOST_TEST(trace.in_use.size() <= places.size() + 2);
  }
}

BOOST_AUTO_TEST_SUITE_END()
