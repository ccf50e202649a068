// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_threads

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory_resource>
#include <new>
#include <random>
#include <thread>
#include <vector>
#include <zpmr/checked_resource.hpp>

#include "support/child_process.hpp"
#include "support/misuses.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::checked_resource;
using zpmr::misuse_kind;

/// Blocks of all sizes, without a container.
struct blocks {
  std::array<void*, 50> places;
  std::array<std::size_t, 50> sizes;

  void make(checked_resource& memory, std::mt19937& random) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      sizes[i] = random() % 300;
      places[i] = memory.allocate(sizes[i], 8);
    }
  }
  void free(checked_resource& memory) {
    for (std::size_t i = 0; i < places.size(); ++i) memory.deallocate(places[i], sizes[i], 8);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(threads_free_what_others_allocated_while_all_is_verified) {
  zpmr::test::noting_handler handler;
  checked_resource memory{
      std::pmr::new_delete_resource(), "memory", {.quarantine_bytes = 20000, .handler = &handler}};
  std::array<std::atomic<blocks*>, 4> shelf{};
  zpmr::test::run_together(5, [&](unsigned i) {
    std::mt19937 random(i);
    for (int round = 0; round < 100; ++round) {
      if (i == 4) {
        (void)memory.verify();
        (void)memory.leaks();
        continue;
      }
      auto made = std::make_unique<blocks>();
      made->make(memory, random);
      blocks* const other = shelf[random() % 4].exchange(made.release());
      if (other != nullptr) other->free(memory);
      delete other;
    }
  });
  for (std::atomic<blocks*>& each : shelf) {
    if (each != nullptr) each.load()->free(memory);
    delete each.load();
  }
  BOOST_TEST(handler.faults.empty());
  BOOST_TEST(memory.leaks().empty());
}

BOOST_AUTO_TEST_CASE(of_two_threads_that_free_a_block_one_is_told) {
  zpmr::test::noting_handler handler;
  checked_resource memory{std::pmr::new_delete_resource(), "memory", {.handler = &handler}};
  for (int round = 0; round < 200; ++round) {
    void* const block = memory.allocate(10);
    zpmr::test::run_together(2, [&](unsigned) { memory.deallocate(block, 10); });
  }
  BOOST_TEST(handler.faults.size() == 200U);
  for (const auto& each : handler.faults) BOOST_CHECK(each.kind == misuse_kind::freed_twice);
}

BOOST_AUTO_TEST_CASE(leaks_are_listed_while_the_first_block_comes_and_goes) {
  checked_resource memory{std::pmr::new_delete_resource(), "memory"};
  std::atomic<bool> done{false};
  std::thread busy{[&] {
    for (int i = 0; i < 10'000; ++i) memory.deallocate(memory.allocate(10), 10);
    done = true;
  }};
  bool refused = false;
  try {
    while (!done) (void)memory.leaks();
  } catch (const std::bad_alloc&) {
    refused = true;
  }
  busy.join();
  BOOST_TEST(!refused);
}

BOOST_AUTO_TEST_CASE(the_child_of_a_fork_goes_on) {
  zpmr::test::noting_handler handler;
  checked_resource memory{
      std::pmr::new_delete_resource(), "memory", {.quarantine_bytes = 20000, .handler = &handler}};
  std::atomic<bool> done{false};
  std::vector<std::thread> busy;
  for (unsigned i = 0; i < 3; ++i) {
    busy.emplace_back([&, i] {
      std::mt19937 random(i);
      blocks mine;
      while (!done) {
        mine.make(memory, random);
        mine.free(memory);
      }
    });
  }
  // A sanitizer's malloc may be locked for ever in the child: there only what takes no memory.
  const bool may_allocate = !zpmr::test::malloc_is_replaced;
  unsigned good = 0;
  for (unsigned round = 0; round < 40; ++round) {
    void* const block = memory.allocate(100);
    good += zpmr::test::holds_in_child([&] {
      handler.faults.reserve(1);
      std::mt19937 random(round);
      blocks mine;
      if (may_allocate) mine.make(memory, random);
      zpmr::test::write_byte(block, 100);
      if (memory.verify() != 1) return false;
      if (may_allocate) mine.free(memory);
      return handler.faults.size() == 1;
    })
                ? 1
                : 0;
    memory.deallocate(block, 100);
  }
  done = true;
  for (std::thread& each : busy) each.join();
  BOOST_TEST(good == 40U);
  BOOST_TEST(memory.leaks().empty());
  BOOST_TEST(handler.faults.empty());
}

BOOST_AUTO_TEST_CASE(the_child_of_a_fork_makes_a_resource_while_another_thread_did) {
  std::atomic<bool> done{false};
  std::thread busy{[&] {
    while (!done) {
      const checked_resource memory{std::pmr::new_delete_resource(), "busy"};
    }
  }};
  unsigned good = 0;
  for (unsigned round = 0; round < 40; ++round) {
    good += zpmr::test::holds_in_child([] {
      const checked_resource memory{std::pmr::new_delete_resource(), "child"};
      return memory.quarantined_bytes() == 0;
    })
                ? 1
                : 0;
  }
  done = true;
  busy.join();
  BOOST_TEST(good == 40U);
}
