// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE fork_in_mapping
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <thread>
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/usage_scope.hpp>

#include "support/child_process.hpp"
#include "support/forks.hpp"

// What trackers take from the system for themselves comes from pools, whose locks a fork has to
// wait for: here for one that is held long, as `mmap` takes its time.

namespace {

using zpmr::memory_tracker;
using zpmr::test::holds_in_child;

constinit thread_local int mapping_to_wait_in = 0;  // of this thread: the n-th from now on
std::atomic<bool> waiting{false};

/// Returns: whether threads have slots here: they have none without a heavy fence.
bool there_are_slots() {
  memory_tracker tracker{"tracker"};
  tracker.charge(0);
  return zpmr::detail::this_thread.index != zpmr::detail::no_index;
}

/// Forks while another thread, which does `deed`, is in its n-th mapping, in a process of its own,
/// in which nothing is mapped yet.
/// Returns: whether `in_child` then comes to an end in the child, and is true.
template <class F, class G>
boost::test_tools::assertion_result child_goes_on(int mapping, F deed, G in_child) {
  return holds_in_child([&] {
    std::atomic<bool> done{false};
    std::thread other{[&] {
      mapping_to_wait_in = mapping;
      deed();
      done = true;
    }};
    while (!waiting && !done) std::this_thread::yield();
    const bool good = waiting && holds_in_child([&] {
                        std::signal(SIGALRM, SIG_DFL);  // ends what would wait for ever
                        ::alarm(60);
                        return in_child();
                      });
    other.join();
    return good;
  });
}

}  // namespace

extern "C" void* mmap(void* place, std::size_t bytes, int protection, int flags, int file,
                      off_t at) noexcept {
  if (mapping_to_wait_in > 0 && --mapping_to_wait_in == 0) {
    waiting = true;
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
  }
  return reinterpret_cast<void*>(::syscall(SYS_mmap, place, bytes, protection, flags, file, at));
}

BOOST_AUTO_TEST_CASE(a_child_can_watch_a_peak_that_another_thread_was_about_to_watch) {
  memory_tracker tracker{"tracker"};
  BOOST_TEST(child_goes_on(
      1, [&] { const zpmr::usage_scope scope{tracker}; },
      [&] {
        const zpmr::usage_scope scope{tracker};
        tracker.charge(10);
        tracker.uncharge(10);
        return scope.peak_bytes() == 10;
      }));
}

BOOST_AUTO_TEST_CASE(threads_of_a_child_get_slots_though_another_was_about_to_get_one) {
  if (!there_are_slots()) return;
  memory_tracker tracker{"tracker"};
  tracker.charge(0);                  // the slot in it is this thread's
  for (const int mapping : {1, 2}) {  // the table, and its first chunk
    BOOST_TEST(child_goes_on(
        mapping, [&] { tracker.charge(0); },
        [&] { return zpmr::test::works_from_another_thread(tracker); }));
  }
}
