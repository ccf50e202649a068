// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_fork
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <thread>
#include <vector>
#include <zpmr/trace_resource.hpp>

#include "support/block_of_the_thread.hpp"
#include "support/child_process.hpp"
#include "support/mappings.hpp"
#include "support/recording_fixture.hpp"
#include "support/sanitizer.hpp"

namespace {

using zpmr::start_trace;
using zpmr::trace_event;
using zpmr::trace_resource;
using zpmr::test::block_of_the_thread;
using zpmr::test::pair_of;
using zpmr::test::read_trace;

/// Threads that record pairs of events all the time, until the end of its life.
class busy_threads {
 public:
  explicit busy_threads(trace_resource& memory) {
    for (std::size_t i = 0; i < 2; ++i) {
      threads_.emplace_back([this, &memory, i] {
        while (!done_) pair_of(memory, i);
      });
    }
  }
  ~busy_threads() { done_ = true; }
  busy_threads(const busy_threads&) = delete;
  busy_threads& operator=(const busy_threads&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::vector<std::jthread> threads_;
};

/// What handlers of fork use: nothing but in the test that sets it.
trace_resource* memory_of_handlers = nullptr;

// More than the part of the file that the thread had before can hold.
constexpr int pairs_in_a_handler = 1000;

template <std::size_t bytes>
void handler() {
  if (memory_of_handlers == nullptr) return;
  for (int i = 0; i < pairs_in_a_handler; ++i) pair_of(*memory_of_handlers, bytes);
}

std::ptrdiff_t count(const read_trace& trace, std::size_t bytes) {
  return std::ranges::count(trace.events, bytes, &trace_event::bytes);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(forking, zpmr::test::recording_fixture)

BOOST_AUTO_TEST_CASE(a_child_of_fork_does_not_write_into_the_trace_of_its_parent) {
  start();
  trace_resource memory{upstream};
  void* const block = memory.allocate(100);
  BOOST_TEST(zpmr::test::holds_in_child([&] {
    memory.deallocate(block, 100);
    pair_of(memory, 1);
    start_trace((file + ".child").c_str());
    trace_resource own{upstream};
    pair_of(own, 2);
    pair_of(memory, 3);
    return true;
  }));
  pair_of(memory, 4);
  memory.deallocate(block, 100);
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 4u);
  BOOST_TEST(trace.in_use.empty());
  const read_trace of_child{file + ".child"};
  BOOST_TEST_REQUIRE(of_child.events.size() == 2u);
  BOOST_TEST(of_child.events[0].bytes == 2u);
}

BOOST_AUTO_TEST_CASE(a_child_of_fork_has_nothing_of_the_file_mapped) {
  start();
  trace_resource memory{upstream};
  pair_of(memory, 1);
  BOOST_TEST(zpmr::test::mappings_of(file) > 0U);
  BOOST_TEST(zpmr::test::holds_in_child([&] { return zpmr::test::mappings_of(file) == 0; }));
}

BOOST_AUTO_TEST_CASE(a_fork_while_threads_record_goes_well) {
  start();
  trace_resource memory{upstream};
  {
    const busy_threads others{memory};
    pair_of(memory, 10);
    for (int i = 0; i < 20; ++i) {
      // The C library's malloc is not to be used under sanitizers there.
      BOOST_TEST(zpmr::test::holds_in_child([&] {
        if (!zpmr::test::malloc_is_replaced) pair_of(memory, 20);
        return true;
      }));
      pair_of(memory, 30);
    }
  }
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(count(trace, 20) == 0);
  BOOST_TEST(count(trace, 30) == 40);
}

// Handlers of the program's own run while the trace is as it was, or not the child's any more.
BOOST_AUTO_TEST_CASE(handlers_of_fork_may_use_traced_memory_at_each_stage) {
  constexpr int forks = 5;
  BOOST_REQUIRE_EQUAL(::pthread_atfork(handler<40>, handler<41>, handler<42>), 0);
  start();
  block_of_the_thread blocks;
  trace_resource memory{&blocks};
  {
    const busy_threads others{memory};
    memory_of_handlers = &memory;
    for (int i = 0; i < forks; ++i) {
      BOOST_TEST(zpmr::test::holds_in_child([&] {
        pair_of(memory, 43);
        return true;
      }));
    }
    memory_of_handlers = nullptr;
  }
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.consistent);
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(count(trace, 40) == 2 * pairs_in_a_handler * forks);
  BOOST_TEST(count(trace, 41) == 2 * pairs_in_a_handler * forks);
  BOOST_TEST(count(trace, 42) == 0);
  BOOST_TEST(count(trace, 43) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
