// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE batch_cutter

#include "batch_cutter.hpp"

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "events.hpp"

using namespace zpmr::compare;
using zpmr::trace_event;
using zpmr::trace_operation;
using zpmr::test::allocation;
using zpmr::test::deallocation;

namespace {

struct live_block {
  std::uint32_t number;
  std::uint64_t bytes;
};

/// Each block has a size that no other has, so that a replay cannot mistake one for another.
std::vector<trace_event> random_trace(unsigned seed, std::uint32_t threads, std::size_t count) {
  std::mt19937 random(seed);
  std::vector<trace_event> events;
  std::vector<live_block> live;
  std::vector<std::uint32_t> free_numbers;
  std::uint32_t numbers = 0;
  for (std::uint64_t size = 1; events.size() < count; ++size) {
    // Threads come and go.
    const auto thread = static_cast<std::uint32_t>(events.size() * threads / count / 2 +
                                                   random() % (threads / 2 + 1));
    if (live.empty() || random() % 2 == 0) {
      if (free_numbers.empty()) free_numbers.push_back(numbers++);
      live.push_back({free_numbers.back(), size});
      free_numbers.pop_back();
      events.push_back(allocation(thread, live.back().number, size));
    } else {
      std::swap(live[random() % live.size()], live.back());
      events.push_back(deallocation(thread, live.back().number, live.back().bytes));
      free_numbers.push_back(live.back().number);
      live.pop_back();
    }
  }
  return events;
}

trace_profile profile_of(const std::vector<trace_event>& events) {
  profiler build(std::nullopt);
  for (const trace_event& each : events) build.add(each);
  return std::move(build).finished();
}

/// Does the batches one step after another, the next one of a thread chosen at random, and checks
/// what each finds.
class model {
 public:
  explicit model(const replay_shape& shape) : own_(shape.places), shape_(shape) {}

  void play(const batch& next, std::mt19937& random) {
    BOOST_TEST_REQUIRE(next.steps.size() <= shape_.batch_steps);
    std::vector<std::optional<std::uint64_t>> handed(next.header.handed_over);
    std::vector<std::pair<std::size_t, std::size_t>> parts;  // what is left of each
    std::size_t from = 0;
    for (const batch_part& each : next.parts) {
      parts.emplace_back(from, from + each.steps);
      from += each.steps;
    }
    BOOST_TEST_REQUIRE(from == next.steps.size());
    while (!parts.empty()) {
      const std::size_t chosen = random() % parts.size();
      auto& [at, end] = parts[chosen];
      if (at < end && do_step(next.steps[at], handed)) ++at;
      if (at == end) parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
    for (const auto& each : handed) BOOST_TEST_REQUIRE(!each.has_value());
  }

  std::multiset<std::uint64_t> allocated, freed;

 private:
  /// Returns: false if it has to wait.
  bool do_step(const step& each, std::vector<std::optional<std::uint64_t>>& handed) {
    switch (each.what) {
      case action::allocate:
        own_.at(each.place) = each.bytes;
        allocated.insert(each.bytes);
        return true;
      case action::free:
        BOOST_TEST_REQUIRE(own_.at(each.place) == each.bytes);
        freed.insert(each.bytes);
        return true;
      case action::allocate_and_hand_over:
        BOOST_TEST_REQUIRE(!handed.at(each.place).has_value());
        handed.at(each.place) = each.bytes;
        allocated.insert(each.bytes);
        return true;
      case action::take_over_and_free:
        if (!handed.at(each.place)) return false;
        BOOST_TEST_REQUIRE(*handed.at(each.place) == each.bytes);
        handed.at(each.place).reset();
        freed.insert(each.bytes);
        return true;
    }
    return false;
  }

  std::vector<std::uint64_t> own_;
  replay_shape shape_;
};

void check_any_order_within_a_batch(unsigned seed, std::uint32_t threads, std::size_t steps) {
  const std::vector<trace_event> events = random_trace(seed, threads, 5000);
  const trace_profile profile = profile_of(events);
  batch_cutter cutter(profile, steps);
  model replay(cutter.shape());
  std::mt19937 random(seed);
  std::multiset<std::uint64_t> allocated, freed;
  for (const trace_event& each : events) {
    (each.operation == trace_operation::allocation ? allocated : freed).insert(each.bytes);
    cutter.add(each);
    if (cutter.is_full()) replay.play(cutter.cut(), random);
  }
  if (!cutter.is_empty()) replay.play(cutter.cut(), random);
  BOOST_TEST((replay.allocated == allocated));
  BOOST_TEST((replay.freed == freed));
  BOOST_TEST(cutter.bytes_in_use() == profile.bytes_in_use);
  BOOST_TEST(cutter.blocks_in_use() == profile.blocks_in_use);
  BOOST_TEST(cutter.events() == profile.events);
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_block_is_found_in_whatever_order_threads_run_within_a_batch) {
  for (const std::uint32_t threads : {1U, 2U, 3U, 16U}) {
    for (const std::size_t steps : {1U, 7U, 100U, 10000U}) {
      check_any_order_within_a_batch(threads * 100 + static_cast<unsigned>(steps), threads, steps);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_that_another_thread_frees_in_the_same_batch_is_handed_over) {
  const std::vector events{allocation(0, 0, 10), deallocation(1, 0, 10), allocation(0, 0, 20)};
  const trace_profile profile = profile_of(events);
  batch_cutter cutter(profile, 3);
  for (const trace_event& each : events) cutter.add(each);
  BOOST_TEST(cutter.is_full());
  const batch all = cutter.cut();
  BOOST_TEST(all.header.parts == 2U);
  BOOST_TEST(all.header.handed_over == 1U);
  BOOST_TEST((all.steps[0].what == action::allocate_and_hand_over));
  BOOST_TEST((all.steps[1].what == action::allocate));
  BOOST_TEST((all.steps[2].what == action::take_over_and_free));
}

BOOST_AUTO_TEST_CASE(a_block_of_an_earlier_batch_needs_no_waiting) {
  const std::vector events{allocation(0, 0, 10), deallocation(1, 0, 10)};
  const trace_profile profile = profile_of(events);
  batch_cutter cutter(profile, 1);
  cutter.add(events[0]);
  (void)cutter.cut();
  cutter.add(events[1]);
  const batch second = cutter.cut();
  BOOST_TEST(second.header.handed_over == 0U);
  BOOST_TEST((second.steps[0].what == action::free));
}

BOOST_AUTO_TEST_CASE(a_thread_ends_after_its_last_event_and_its_seat_goes_to_the_next) {
  const std::vector events{allocation(0, 0, 1), allocation(1, 1, 1), allocation(2, 2, 1),
                           allocation(0, 3, 1)};
  const trace_profile profile = profile_of(events);
  batch_cutter cutter(profile, 1);
  std::vector<batch_part> parts;
  for (const trace_event& each : events) {
    cutter.add(each);
    parts.push_back(cutter.cut().parts.at(0));
  }
  BOOST_TEST(parts[0].seat == 0U);
  BOOST_TEST((parts[0].then == after_batch::thread_goes_on));
  BOOST_TEST(parts[1].seat == 1U);
  BOOST_TEST((parts[1].then == after_batch::thread_ends));
  BOOST_TEST(parts[2].seat == 1U);
  BOOST_TEST((parts[3].then == after_batch::thread_ends));
}

BOOST_AUTO_TEST_CASE(nobody_gets_the_seat_of_the_main_thread) {
  const std::vector events{allocation(0, 0, 1), allocation(1, 1, 1)};
  const trace_profile profile = profile_of(events);
  batch_cutter cutter(profile, 1);
  cutter.add(events[0]);
  (void)cutter.cut();
  cutter.add(events[1]);
  BOOST_TEST(cutter.cut().parts.at(0).seat == 1U);
}

BOOST_AUTO_TEST_CASE(an_event_that_the_profile_cannot_be_of_is_refused) {
  const std::vector events{allocation(0, 0, 1)};
  const trace_profile profile = profile_of(events);
  batch_cutter cutter(profile, 10);
  BOOST_CHECK_THROW(cutter.add(allocation(1, 0, 1)), bad_input);
  BOOST_CHECK_THROW(cutter.add(allocation(0, 1, 1)), bad_input);
}
