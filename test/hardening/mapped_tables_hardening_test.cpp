// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE mapped_tables_hardening

#include <dlfcn.h>
#include <pthread.h>

#include <barrier>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <stdexcept>
#include <thread>
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/fail_each_allocation.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/usage_scope.hpp>

#include "support/failing_mmap.hpp"
#include "support/threads.hpp"

// What trackers take from the system for themselves: slots for threads, in tables and chunks of
// eight, and watches for scopes. A thread that finds none charges all the same, under the mutex.

namespace {

using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::fail_each_mapping;
using zpmr::test::run_together;

zpmr::failure_schedule key_failures;

/// Returns: whether threads have slots here: they have none without a heavy fence.
bool there_are_slots() {
  memory_tracker tracker{"tracker"};
  tracker.charge(0);
  return zpmr::detail::this_thread.index != zpmr::detail::no_index;
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

constexpr unsigned threads = 20;  // for three chunks
constexpr std::size_t leaves = 200;
constexpr std::size_t block_bytes = 100;
constexpr std::size_t limit = threads * leaves * block_bytes;

void expect_full(const memory_tracker& root) {
  const memory_usage usage = root.snapshot();
  expect(usage.bytes_in_use == limit && usage.peak_bytes == limit, "a wrong sum");
  expect(usage.requested_bytes_in_use == limit * 9 / 10, "a wrong sum of requested bytes");
  expect(usage.blocks_in_use() == threads * leaves, "a wrong count");
}

void expect_empty(memory_tracker& root) {
  const memory_usage usage = root.snapshot();
  expect(usage.bytes_in_use == 0 && usage.requested_bytes_in_use == 0, "bytes were left");
  expect(usage.blocks_in_use() == 0 && usage.total_bytes == limit, "wrong totals");
  expect(root.try_charge(limit) && !root.try_charge(1), "the cap has changed");
  root.uncharge(limit);
}

/// Effects: many threads at a time fill many trackers up to a cap, and each frees what another one
/// has charged.
void fill_and_empty() {
  zpmr::hard_limit cap{limit};
  memory_tracker root{"root", &cap};
  std::deque<memory_tracker> children;
  for (std::size_t i = 0; i < leaves; ++i) {
    children.emplace_back("leaf", root).charge(0);  // its own slot is this thread's
  }
  std::barrier all{threads};
  bool last_fits = false;
  run_together(threads, [&](unsigned i) {
    for (memory_tracker& each : children) each.charge_block(block_bytes, block_bytes * 9 / 10);
    all.arrive_and_wait();
    if (i == 0) last_fits = children.front().try_charge(1);
    all.arrive_and_wait();
  });
  expect(!last_fits, "the cap was passed");
  expect_full(root);
  run_together(threads, [&](unsigned) {
    for (memory_tracker& each : children) each.uncharge_block(block_bytes, block_bytes * 9 / 10);
  });
  children.clear();
  expect_empty(root);
}

}  // namespace

/// Fails where a thread notes that it has an index, and nowhere else.
extern "C" int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  if (value == &zpmr::detail::this_thread && key_failures.fails(0)) return ENOMEM;
  static const auto next =
      reinterpret_cast<decltype(&pthread_setspecific)>(::dlsym(RTLD_NEXT, "pthread_setspecific"));
  return next(key, value);
}

BOOST_AUTO_TEST_CASE(threads_for_whose_slots_nothing_can_be_mapped_are_counted_and_capped) {
  if (!there_are_slots()) return;
  const std::uint64_t failed = fail_each_mapping(fill_and_empty);
  BOOST_TEST_MESSAGE(failed << " mappings failed");
  BOOST_TEST(failed >= 8u);
}

BOOST_AUTO_TEST_CASE(a_scope_for_which_nothing_can_be_mapped_was_never_there) {
  BOOST_TEST(fail_each_mapping([] {
               memory_tracker tracker{"tracker"};
               tracker.charge(100);
               try {
                 const zpmr::usage_scope scope{tracker};
                 tracker.charge(50);
                 tracker.uncharge(50);
                 expect(scope.peak_bytes() == 50, "a wrong peak");
               } catch (const std::bad_alloc&) {
                 expect(tracker.peak_bytes() == 100, "a wrong peak without a scope");
               }
               tracker.uncharge(100);
               expect(tracker.bytes_in_use() == 0, "bytes were left");
             }) == 2u);
}

BOOST_AUTO_TEST_CASE(a_thread_that_cannot_note_its_index_goes_without_and_gives_it_back) {
  if (!there_are_slots()) return;
  memory_tracker tracker{"tracker"};
  BOOST_TEST(zpmr::fail_each_allocation(key_failures, {&tracker}, [&] {
               for (int i = 0; i < 4; ++i) {
                 std::thread{[&] {
                   tracker.charge_block(100, 90);
                   tracker.uncharge_block(100, 90);
                 }}.join();
               }
             }) == 8u);
  std::uint32_t index = 0;
  std::thread{[&] {
    tracker.charge(0);
    index = zpmr::detail::this_thread.index;
  }}.join();
  BOOST_TEST(index == 1u);  // the lowest but this thread's
}
