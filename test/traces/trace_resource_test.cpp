// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_resource
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <memory_resource>
#include <new>
#include <random>
#include <thread>
#include <utility>
#include <vector>
#include <zpmr/trace_resource.hpp>

#include "support/mappings.hpp"
#include "support/probe_resource.hpp"
#include "support/recording_fixture.hpp"
#include "support/threads.hpp"
#include "support/traces.hpp"

namespace {

using zpmr::trace_event;
using zpmr::trace_operation;
using zpmr::trace_resource;
using zpmr::test::pair_of;
using zpmr::test::read_trace;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recording, zpmr::test::recording_fixture)

BOOST_AUTO_TEST_CASE(every_size_and_alignment_is_read_as_it_was_recorded) {
  struct request {
    std::size_t bytes;
    std::size_t alignment;
    void* block = nullptr;
  };
  std::vector<request> requests;
  for (std::size_t bytes : {0U, 1U, 8U, 2046U, 2047U, 2048U, 4096U, 100'000U, 3'000'000U}) {
    for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
      requests.push_back({bytes, alignment});
    }
  }
  start();
  trace_resource memory{upstream};
  for (request& each : requests) each.block = memory.allocate(each.bytes, each.alignment);
  for (request& each : requests) memory.deallocate(each.block, each.bytes, each.alignment);
  const read_trace trace = stop_and_read();

  BOOST_TEST_REQUIRE(trace.events.size() == 2 * requests.size());
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    const trace_event& event = trace.events[i];
    const request& asked = requests[i % requests.size()];
    const bool first_half = i < requests.size();
    BOOST_TEST((event.operation == trace_operation::allocation) == first_half);
    BOOST_TEST(event.bytes == asked.bytes);
    BOOST_TEST(event.alignment == asked.alignment);
    BOOST_TEST(event.block == trace.events[i % requests.size()].block);
    BOOST_TEST(event.thread == 0u);
    BOOST_TEST(event.resource == 0u);
  }
  BOOST_TEST(trace.consistent);
  BOOST_TEST(!trace.cut_short);
}

BOOST_AUTO_TEST_CASE(what_the_upstream_refuses_is_not_recorded) {
  zpmr::test::probe_resource probe;
  start();
  trace_resource memory{&probe};
  probe.before_allocation = [] { throw std::bad_alloc{}; };
  BOOST_CHECK_THROW((void)memory.allocate(10), std::bad_alloc);
  probe.before_allocation = [] {};
  volatile std::size_t impossible = SIZE_MAX;  // not for the compiler to see
  BOOST_CHECK_THROW((void)memory.allocate(impossible), std::bad_alloc);
  pair_of(memory, 20);
  BOOST_TEST(stop_and_read().events.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_resource_records_only_the_trace_that_it_was_made_in) {
  trace_resource before{upstream};
  start();
  trace_resource during{upstream};
  pair_of(before, 1);
  pair_of(during, 2);
  void* const kept = during.allocate(3);
  BOOST_TEST(stop_and_read().events.size() == 3u);

  trace_resource after{upstream};
  pair_of(during, 4);
  pair_of(after, 5);
  BOOST_TEST(read_trace{file}.events.size() == 3u);

  start();  // the file is made anew
  trace_resource again{upstream};
  during.deallocate(kept, 3);
  pair_of(during, 6);
  pair_of(again, 7);
  const read_trace second = stop_and_read();
  BOOST_TEST_REQUIRE(second.events.size() == 2u);
  BOOST_TEST(second.events[0].bytes == 7u);
}

BOOST_AUTO_TEST_CASE(resources_on_top_of_each_other_are_told_apart) {
  start();
  trace_resource below{upstream};
  std::pmr::monotonic_buffer_resource between{1000, &below};
  trace_resource above{&between};
  pair_of(above, 10);
  pair_of(above, 20);
  between.release();
  const read_trace trace = stop_and_read();
  BOOST_TEST_REQUIRE(trace.events.size() == 6u);
  BOOST_TEST(trace.events.front().resource == 0u);
  BOOST_TEST(trace.events[1].resource == 1u);
  BOOST_TEST(trace.events.back().resource == 0u);
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(trace.consistent);
}

BOOST_AUTO_TEST_CASE(equality_is_identity) {
  const trace_resource one{upstream};
  const trace_resource other{upstream};
  BOOST_TEST(one.is_equal(one));
  BOOST_TEST(!one.is_equal(other));
  BOOST_TEST(!one.is_equal(*upstream));
  BOOST_TEST(one.upstream_resource() == upstream);
}

BOOST_AUTO_TEST_CASE(the_clock_is_read_now_and_then_and_does_not_go_back) {
  start();
  trace_resource memory{upstream};
  for (int i = 0; i < 1000; ++i) pair_of(memory, 64);
  const read_trace trace = stop_and_read();
  std::size_t changes = 0;
  for (std::size_t i = 1; i < trace.events.size(); ++i) {
    BOOST_TEST_REQUIRE(trace.events[i - 1].time <= trace.events[i].time);
    if (trace.events[i - 1].time < trace.events[i].time) ++changes;
  }
  BOOST_TEST(changes <= 2 * trace.events.size() / 64);
  BOOST_TEST(changes >= 1u);
}

BOOST_AUTO_TEST_CASE(an_event_takes_at_most_16_bytes) {
  start();
  trace_resource memory{upstream};
  std::vector<void*> blocks(1000);
  for (int round = 0; round < 50; ++round) {
    for (void*& each : blocks) each = memory.allocate(5000);  // a size that takes two words
    for (void* each : blocks) memory.deallocate(each, 5000);
  }
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 100'000u);
  BOOST_TEST(std::filesystem::file_size(file) <= 16 * trace.events.size());
}

BOOST_AUTO_TEST_CASE(each_thread_keeps_its_order_and_its_number) {
  constexpr unsigned threads = 4;
  constexpr std::size_t rounds = 5000;
  start();
  trace_resource memory{upstream};
  zpmr::test::run_together(threads, [&](unsigned index) {
    for (std::size_t i = 0; i < rounds; ++i) pair_of(memory, 8 * i + index);
  });
  const read_trace trace = stop_and_read();
  BOOST_TEST_REQUIRE(trace.threads() == threads);
  BOOST_TEST(trace.consistent);
  std::array<bool, threads> seen{};
  for (std::uint32_t thread = 0; thread < threads; ++thread) {
    const std::vector<trace_event> own = trace.of_thread(thread);
    BOOST_TEST_REQUIRE(own.size() == 2 * rounds);
    const std::size_t index = own.front().bytes;
    BOOST_TEST_REQUIRE(index < threads);
    seen[index] = true;
    for (std::size_t i = 0; i < own.size(); ++i) {
      BOOST_TEST_REQUIRE(own[i].bytes == 8 * (i / 2) + index);
    }
  }
  BOOST_TEST((seen == std::array<bool, threads>{true, true, true, true}));
}

// The thread that frees has taken its order numbers before the one that allocates.
BOOST_AUTO_TEST_CASE(a_block_freed_on_another_thread_is_freed_after_its_allocation) {
  start();
  trace_resource memory{upstream};
  for (int round = 0; round < 100; ++round) {
    pair_of(memory, 1);
    void* block = nullptr;
    std::thread{[&] { block = memory.allocate(2); }}.join();
    memory.deallocate(block, 2);
  }
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 400u);
  BOOST_TEST(trace.consistent);
  BOOST_TEST(trace.in_use.empty());
}

BOOST_AUTO_TEST_CASE(blocks_that_wander_between_threads_are_read_in_an_order_that_could_have_been) {
  constexpr unsigned threads = 4;
  constexpr unsigned rounds = 20'000;
  struct block {
    std::size_t bytes;
  };
  std::array<std::atomic<block*>, 64> places{};
  start();
  trace_resource memory{upstream};
  const auto free_block = [&](block* each) {
    if (each != nullptr) memory.deallocate(each, each->bytes);
  };
  zpmr::test::run_together(threads, [&](unsigned seed) {
    std::mt19937 random{seed};
    for (unsigned i = 0; i < rounds; ++i) {
      const std::size_t bytes = sizeof(block) + random() % 64;
      auto* const fresh = new (memory.allocate(bytes)) block{bytes};
      free_block(places[random() % places.size()].exchange(fresh));
    }
  });
  for (auto& each : places) free_block(each);
  const read_trace trace = stop_and_read();  // strictly: it throws where the order is impossible
  BOOST_TEST(trace.events.size() == 2u * threads * rounds);
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(trace.consistent);
}

// As soon as the upstream has it, another thread may be given it.
BOOST_AUTO_TEST_CASE(a_deallocation_is_recorded_before_the_upstream_has_the_block) {
  struct handing_on final : std::pmr::memory_resource {
    std::function<void()> after_deallocation = [] {};
    alignas(16) std::array<std::byte, 64> block;
    void* do_allocate(std::size_t, std::size_t) override { return block.data(); }
    void do_deallocate(void*, std::size_t, std::size_t) override { after_deallocation(); }
    bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  } one_block;
  start();
  trace_resource memory{&one_block};
  bool first = true;
  one_block.after_deallocation = [&] {
    if (!std::exchange(first, false)) return;
    std::thread{[&] { pair_of(memory, 20); }}.join();
  };
  pair_of(memory, 10);
  const read_trace trace = stop_and_read();
  BOOST_TEST_REQUIRE(trace.events.size() == 4u);
  BOOST_TEST(trace.events[1].bytes == 10u);
}

BOOST_AUTO_TEST_CASE(threads_that_end_leave_little_behind) {
  constexpr unsigned threads = 200;
  start();
  trace_resource memory{upstream};
  for (unsigned i = 0; i < threads; ++i) std::thread{[&] { pair_of(memory, 5); }}.join();
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 2u * threads);
  BOOST_TEST(trace.threads() == threads);
  BOOST_TEST(std::filesystem::file_size(file) == (threads + 1) * 4096u);
}

BOOST_AUTO_TEST_CASE(what_a_thread_wrote_to_is_unmapped_when_it_ends) {
  start();
  trace_resource memory{upstream};
  pair_of(memory, 5);
  const std::size_t before = zpmr::test::mappings_of(file);
  BOOST_TEST(before > 0u);
  for (int i = 0; i < 10; ++i) std::thread{[&] { pair_of(memory, 5); }}.join();
  BOOST_TEST(zpmr::test::mappings_of(file) == before);
  BOOST_TEST(stop_and_read().events.size() == 22u);
  BOOST_TEST(zpmr::test::mappings_of(file) == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_thread_does_while_it_is_torn_down_is_recorded) {
  start();
  static trace_resource* memory = nullptr;
  trace_resource own{upstream};
  memory = &own;
  struct at_thread_end {
    void* block = memory->allocate(50);
    ~at_thread_end() { memory->deallocate(block, 50); }
  };
  pthread_key_t last{};
  BOOST_REQUIRE_EQUAL(pthread_key_create(&last, [](void* block) { memory->deallocate(block, 60); }),
                      0);
  std::thread{[&] {
    static thread_local at_thread_end in_thread;
    static_cast<void>(in_thread);
    pthread_setspecific(last, memory->allocate(60));
  }}.join();
  pthread_key_delete(last);
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.events.size() == 4u);
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(trace.threads() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
