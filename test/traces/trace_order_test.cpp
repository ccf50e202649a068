// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_order
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <deque>
#include <memory_resource>
#include <semaphore>
#include <thread>
#include <zpmr/trace_resource.hpp>

#include "support/block_of_the_thread.hpp"
#include "support/recording_fixture.hpp"
#include "support/traces.hpp"

namespace {

using zpmr::trace_event;
using zpmr::trace_resource;
using zpmr::test::block_of_the_thread;
using zpmr::test::pair_of;
using zpmr::test::read_trace;

/// Has one block, which it gives to everyone.
class one_block final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t, std::size_t) override { return block_.data(); }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
  alignas(std::max_align_t) std::array<std::byte, 64> block_{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recording, zpmr::test::recording_fixture)

// No block goes from thread to thread, by which their order could be known.
BOOST_AUTO_TEST_CASE(
    what_an_idle_thread_does_at_last_comes_at_most_some_thousand_events_too_early) {
  constexpr std::ptrdiff_t many = 100'000;
  constexpr std::ptrdiff_t some_thousand = 10'000;
  block_of_the_thread blocks;
  start();
  trace_resource memory{&blocks};
  std::binary_semaphore idle{0};
  std::binary_semaphore last{0};
  {
    std::jthread thread{[&] {
      pair_of(memory, 1);
      idle.release();
      last.acquire();
      pair_of(memory, 2);
    }};
    idle.acquire();
    for (std::ptrdiff_t i = 0; i < many; ++i) pair_of(memory, 3);
    last.release();
  }
  const read_trace trace = stop_and_read();
  BOOST_TEST_REQUIRE(trace.events.size() == 2 * many + 4U);
  const auto late = std::ranges::find(trace.events, 2U, &trace_event::bytes);
  const std::ptrdiff_t before = late - trace.events.begin();
  BOOST_TEST(before > 2 * many - some_thousand);
}

// Another resource, two words for the size, and a new number, as the other thread had the address.
BOOST_AUTO_TEST_CASE(there_is_room_for_events_of_which_each_takes_all_the_words_it_can) {
  constexpr std::size_t events_of_a_thread = 600;
  constexpr std::size_t bytes = 3000;
  one_block blocks;
  start();
  std::deque<trace_resource> resources;
  for (std::size_t i = 0; i < 2 * events_of_a_thread; ++i) resources.emplace_back(&blocks);
  std::array<std::binary_semaphore, 2> turns{std::binary_semaphore{1}, std::binary_semaphore{0}};
  const auto work = [&](std::size_t thread) {
    for (std::size_t i = thread; i < resources.size(); i += 2) {
      turns[thread].acquire();
      static_cast<void>(resources[i].allocate(bytes));
      turns[1 - thread].release();
    }
  };
  {
    std::jthread other{work, 1};
    work(0);
  }
  const read_trace trace = stop_and_read();
  BOOST_TEST_REQUIRE(trace.events.size() == resources.size());
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    BOOST_TEST_REQUIRE(trace.events[i].resource == i);
    BOOST_TEST_REQUIRE(trace.events[i].thread == i % 2);
    BOOST_TEST_REQUIRE(trace.events[i].bytes == bytes);
  }
}

BOOST_AUTO_TEST_SUITE_END()
