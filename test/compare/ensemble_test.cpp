// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE ensemble

#include "ensemble.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "player.hpp"
#include "step.hpp"
#include "subject.hpp"

using namespace zpmr::compare;
using namespace std::chrono_literals;

namespace {

/// Notes who allocates and frees what, and takes a given processor time for each allocation.
class noting_resource final : public std::pmr::memory_resource {
 public:
  std::chrono::nanoseconds slowness{};
  std::map<void*, std::pair<std::size_t, std::size_t>> live;
  std::set<std::thread::id> threads;
  std::size_t mistakes = 0;
  std::size_t untouched = 0;
  std::size_t operations = 0;

 private:
  void note() {
    threads.insert(std::this_thread::get_id());
    ++operations;
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    for (const auto start = thread_time(); thread_time() - start < slowness;) {
    }
    const std::lock_guard lock(mutex_);
    note();
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    if (bytes > 0) static_cast<unsigned char*>(block)[bytes - 1] = 0;
    live[block] = {bytes, alignment};
    return block;
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    note();
    if (!live.contains(block) || live[block] != std::pair(bytes, alignment)) ++mistakes;
    if (bytes > 0 && static_cast<unsigned char*>(block)[bytes - 1] == 0) ++untouched;
    live.erase(block);
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }

  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::mutex mutex_;
};

class noting_subject final : public subject {
 public:
  noting_resource memory;

  std::chrono::nanoseconds play(std::span<const step> steps, block_places& places) override {
    return compare_play(steps, places, bare());
  }
  std::chrono::nanoseconds play(std::span<const step> steps, block_places& places,
                                latencies& times) override {
    return compare_play(steps, places, timed_operations<std::pmr::memory_resource>{bare(), times});
  }
  release_result release(std::size_t) override { return release_result::impossible; }

 private:
  bare_operations<std::pmr::memory_resource> bare() { return {memory}; }

  template <class Operations>
  static std::chrono::nanoseconds compare_play(std::span<const step> steps, block_places& places,
                                               Operations on) {
    return zpmr::compare::play(steps, places, on);
  }
};

std::vector<step> pairs(std::size_t count, std::uint32_t place) {
  std::vector<step> steps;
  for (std::size_t i = 0; i < count; ++i) {
    steps.push_back({i * 37 % 9000, place, action::allocate, 4});
    steps.push_back({i * 37 % 9000, place, action::free, 4});
  }
  return steps;
}

/// A batch of two threads: the first one allocates what the second one frees.
std::vector<step> hand_overs(std::uint32_t count) {
  std::vector<step> steps;
  for (const action what : {action::allocate_and_hand_over, action::take_over_and_free}) {
    for (std::uint32_t i = 0; i < count; ++i) steps.push_back({i, i, what, 3});
  }
  return steps;
}

}  // namespace

BOOST_AUTO_TEST_CASE(blocks_are_touched_and_freed_with_the_size_and_alignment_they_were_asked_for) {
  noting_subject on;
  block_places places(1, 1);
  ensemble threads(on, places, measure::processor_time);
  const auto steps = pairs(1000, 0);
  const std::vector<batch_part> parts{{0, 2000, after_batch::thread_ends}};
  (void)threads.play(parts, steps);
  BOOST_TEST(on.memory.operations == 2000U);
  BOOST_TEST(on.memory.mistakes == 0U);
  BOOST_TEST(on.memory.untouched == 0U);
  BOOST_TEST(on.memory.live.empty());
}

BOOST_AUTO_TEST_CASE(the_first_thread_is_the_main_thread_and_needs_no_other) {
  noting_subject on;
  block_places places(1, 1);
  ensemble threads(on, places, measure::processor_time);
  (void)threads.play(std::vector<batch_part>{{0, 20, after_batch::thread_goes_on}}, pairs(10, 0));
  BOOST_TEST((on.memory.threads == std::set{std::this_thread::get_id()}));
}

BOOST_AUTO_TEST_CASE(each_seat_has_a_thread_that_stays_until_it_ends) {
  noting_subject on;
  block_places places(3, 1);
  ensemble threads(on, places, measure::processor_time);
  auto steps = pairs(10, 0);
  for (const std::uint32_t place : {1U, 2U}) {
    const auto more = pairs(10, place);
    steps.insert(steps.end(), more.begin(), more.end());
  }
  std::vector<batch_part> parts{{0, 20, after_batch::thread_goes_on},
                                {1, 20, after_batch::thread_goes_on},
                                {2, 20, after_batch::thread_goes_on}};
  (void)threads.play(parts, steps);
  BOOST_TEST(on.memory.threads.size() == 3U);
  (void)threads.play(parts, steps);
  BOOST_TEST(on.memory.threads.size() == 3U);
  BOOST_TEST(on.memory.operations == 120U);
  BOOST_TEST(on.memory.mistakes == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_is_handed_over_from_thread_to_thread_many_times) {
  constexpr std::uint32_t count = 20000;
  noting_subject on;
  block_places places(1, count);
  ensemble threads(on, places, measure::processor_time);
  const auto steps = hand_overs(count);
  // Once with the main thread waiting, once with the other.
  for (const auto& [first, second] : {std::pair(1U, 0U), std::pair(0U, 1U)}) {
    const std::vector<batch_part> parts{{first, count, after_batch::thread_goes_on},
                                        {second, count, after_batch::thread_goes_on}};
    (void)threads.play(parts, steps);
    BOOST_TEST(on.memory.live.empty());
  }
  BOOST_TEST(on.memory.mistakes == 0U);
  BOOST_TEST(on.memory.operations == 4 * count);
}

BOOST_AUTO_TEST_CASE(the_time_is_at_least_what_the_resource_took) {
  noting_subject on;
  on.memory.slowness = 20us;
  block_places places(1, 1);
  ensemble threads(on, places, measure::processor_time);
  const reading took =
      threads.play(std::vector<batch_part>{{0, 200, after_batch::thread_goes_on}}, pairs(100, 0));
  BOOST_TEST(took.processor_time.count() >= (100 * 20us / 1ns));
}

BOOST_AUTO_TEST_CASE(waiting_for_another_thread_is_not_counted) {
  noting_subject on;
  on.memory.slowness = 2ms;
  block_places places(1, 50);
  ensemble threads(on, places, measure::processor_time);
  const std::vector<batch_part> parts{{1, 50, after_batch::thread_goes_on},
                                      {0, 50, after_batch::thread_goes_on}};
  const reading took = threads.play(parts, hand_overs(50));
  // Each of the 50 allocations takes 2 ms, for which the main thread waits. If that were counted,
  // the sum would be 200 ms.
  BOOST_TEST(took.processor_time.count() >= (100ms / 1ns));
  BOOST_TEST(took.processor_time.count() < (115ms / 1ns));
}

BOOST_AUTO_TEST_CASE(latencies_are_at_least_what_the_resource_took) {
  noting_subject on;
  on.memory.slowness = 20us;
  block_places places(1, 1);
  ensemble threads(on, places, measure::latencies);
  (void)threads.play(std::vector<batch_part>{{1, 200, after_batch::thread_goes_on}}, pairs(100, 0));
  const latencies times = threads.finish();
  BOOST_TEST(times.allocations.count() == 100U);
  BOOST_TEST(times.frees.count() == 100U);
  BOOST_TEST(times.allocations.quantile(0).count() >= 20000);
}

BOOST_AUTO_TEST_CASE(every_subject_replays_on_two_threads) {
  std::vector<std::string> names = subject_names();
  std::erase(names, unsynchronized_pool);
  names.emplace_back(nothing);
  for (const std::string& name : names) {
    const auto on = make_subject(name, 9000);
    block_places places(1, 1000);
    ensemble threads(*on, places, measure::processor_time);
    const auto steps = hand_overs(1000);
    const std::vector<batch_part> parts{{0, 1000, after_batch::thread_goes_on},
                                        {1, 1000, after_batch::thread_ends}};
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(threads.play(parts, steps).elapsed.count() > 0);
      (void)threads.finish();
    }
  }
}
