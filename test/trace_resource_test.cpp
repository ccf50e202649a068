// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_resource
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory_resource>
#include <new>
#include <random>
#include <system_error>
#include <thread>
#include <vector>
#include <zpmr/trace_resource.hpp>

#include "support/child_process.hpp"
#include "support/death.hpp"
#include "support/file_tree.hpp"
#include "support/probe_resource.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"
#include "support/traces.hpp"

namespace {

using zpmr::start_trace;
using zpmr::stop_trace;
using zpmr::trace_event;
using zpmr::trace_operation;
using zpmr::trace_resource;
using zpmr::test::read_trace;

struct fixture {
  zpmr::test::file_tree tree{};
  std::string file = tree.root() + "/trace";
  std::pmr::memory_resource* upstream = std::pmr::new_delete_resource();

  fixture() = default;
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;
  ~fixture() { stop_trace(); }

  void start() const { start_trace(file.c_str()); }
  [[nodiscard]] read_trace stop_and_read() const {
    stop_trace();
    return read_trace{file};
  }
};

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

void pair_of(std::pmr::memory_resource& memory, std::size_t bytes) {
  memory.deallocate(memory.allocate(bytes), bytes);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recording, fixture)

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

BOOST_FIXTURE_TEST_SUITE(starting, fixture)

BOOST_AUTO_TEST_CASE(one_trace_goes_on_at_a_time) {
  start();
  BOOST_TEST(contains(refusal([&] { start_trace((file + "2").c_str()); }), file + "2"));
  trace_resource memory{upstream};
  pair_of(memory, 1);
  BOOST_TEST(stop_and_read().events.size() == 2u);
  stop_trace();  // the second time it does nothing
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

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ending, fixture)

BOOST_AUTO_TEST_CASE(nothing_that_was_done_is_lost_when_the_process_is_killed) {
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE_GE(child, 0);
  if (child == 0) {
    start();
    trace_resource memory{upstream};
    std::atomic<unsigned> ready{0};
    // Two threads that are idle when it happens, and two that are not.
    const auto work = [&](unsigned index) {
      for (std::size_t i = 0; i < 3000; ++i) pair_of(memory, index);
      const bool last = ++ready == 4;
      if (last && ::write(ends[1], "x", 1) != 1) ::_exit(1);
      while (index < 2) ::pause();
      for (;;) pair_of(memory, index);
    };
    zpmr::test::run_together(4, work);
  }
  char byte = 0;
  BOOST_REQUIRE_EQUAL(::read(ends[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);

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

BOOST_AUTO_TEST_CASE(a_fork_while_threads_record_goes_well) {
  start();
  trace_resource memory{upstream};
  std::atomic<bool> done{false};
  {
    std::vector<std::jthread> busy;
    for (std::size_t i = 0; i < 2; ++i) {
      busy.emplace_back([&, i] {
        while (!done) pair_of(memory, i);
      });
    }
    pair_of(memory, 10);
    for (int i = 0; i < 20; ++i) {
      // The C library's malloc is not to be used under sanitizers there.
      BOOST_TEST(zpmr::test::holds_in_child([&] {
        if (!zpmr::test::malloc_is_replaced) pair_of(memory, 20);
        return true;
      }));
      pair_of(memory, 30);
    }
    done = true;
  }
  const read_trace trace = stop_and_read();
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(std::ranges::count(trace.events, 20u, &trace_event::bytes) == 0);
  BOOST_TEST(std::ranges::count(trace.events, 30u, &trace_event::bytes) == 40);
}

BOOST_AUTO_TEST_CASE(stopping_while_threads_record_gives_a_whole_trace) {
  for (int round = 0; round < 20; ++round) {
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
