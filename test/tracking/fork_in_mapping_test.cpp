// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE fork_in_mapping
#include <boost/test/unit_test.hpp>
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/usage_scope.hpp>

#include "support/forks.hpp"
#include "support/slow_mapping.hpp"

// What trackers take from the system for themselves comes from pools, whose locks a fork has to
// wait for.

namespace {

using zpmr::memory_tracker;
using zpmr::test::child_goes_on;

/// Returns: whether threads have slots here: they have none without a heavy fence.
bool there_are_slots() {
  memory_tracker tracker{"tracker"};
  tracker.charge(0);
  return zpmr::detail::this_thread.index != zpmr::detail::no_index;
}

}  // namespace

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
