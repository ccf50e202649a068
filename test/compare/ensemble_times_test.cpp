// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE ensemble_times

#include <pthread.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <thread>
#include <vector>

#include "ensemble.hpp"
#include "noting_subject.hpp"

using namespace zpmr::compare;
using namespace zpmr::test;
using namespace std::chrono_literals;

namespace {

clockid_t clock_of_this_thread() {
  clockid_t clock{};
  BOOST_REQUIRE_EQUAL(::pthread_getcpuclockid(::pthread_self(), &clock), 0);
  return clock;
}

std::chrono::nanoseconds time_on(clockid_t clock) {
  std::timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void work_for(std::chrono::nanoseconds time) {
  for (const auto start = thread_time(); thread_time() - start < time;) {
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_time_is_at_least_what_the_resource_took) {
  noting_subject on;
  on.memory.before_allocating = [] { work_for(20us); };
  block_places places(1, 1);
  ensemble threads(on, places, measure::processor_time);
  const reading took =
      threads.play(std::vector<batch_part>{{0, 200, after_batch::thread_goes_on}}, pairs(100, 0));
  BOOST_TEST(took.processor_time.count() >= (100 * 20us / 1ns));
}

// The other thread hands each block over when the main thread has had 100 ms for its waiting,
// however busy the machine is.
BOOST_AUTO_TEST_CASE(waiting_for_another_thread_is_not_counted) {
  constexpr std::uint32_t blocks = group_steps + 1;  // one that is on its own, too
  noting_subject on;
  std::chrono::nanoseconds looking{};
  on.memory.before_allocating = [main = clock_of_this_thread(), &looking] {
    const auto here = thread_time();
    const auto start = time_on(main);
    for (int i = 0; i < 10'000 && time_on(main) - start < 100ms; ++i) {
      std::this_thread::sleep_for(1ms);
    }
    looking += thread_time() - here;
  };
  block_places places(1, blocks);
  ensemble threads(on, places, measure::processor_time);
  const std::vector<batch_part> parts{{1, blocks, after_batch::thread_goes_on},
                                      {0, blocks, after_batch::thread_goes_on}};
  const auto before = thread_time();
  const reading took = threads.play(parts, hand_overs(blocks));
  // Another thread's clock may be read some milliseconds late.
  BOOST_TEST((thread_time() - before).count() >= (blocks * 50ms / 1ns));
  BOOST_TEST((took.processor_time - looking).count() < (80ms / 1ns));
}

BOOST_AUTO_TEST_CASE(latencies_are_at_least_what_the_resource_took) {
  noting_subject on;
  on.memory.before_allocating = [] { work_for(20us); };
  block_places places(1, 1);
  ensemble threads(on, places, measure::latencies);
  (void)threads.play(std::vector<batch_part>{{1, 200, after_batch::thread_goes_on}}, pairs(100, 0));
  const latencies times = threads.finish();
  BOOST_TEST(times.allocations.count() == 100U);
  BOOST_TEST(times.frees.count() == 100U);
  BOOST_TEST(times.allocations.quantile(0).count() >= 20000);
}
