// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE zmalloc_parent
#include <array>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/zmalloc.hpp>

#include "support/child_process.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::test::holds_in_child;

std::size_t trackers_named_zmalloc() {
  std::size_t count = 0;
  zpmr::for_each_tracker([&](const memory_tracker& root) {
    if (root.name() == "zmalloc") ++count;
  });
  return count;
}

}  // namespace

// What happens once in a process happens in children here.

BOOST_AUTO_TEST_CASE(to_read_the_figures_makes_no_tracker) {
  BOOST_TEST(zmalloc_used_memory() == 0u);
  BOOST_TEST(zmalloc_get_peak_memory() == 0u);
  BOOST_TEST(trackers_named_zmalloc() == 0u);
}

BOOST_AUTO_TEST_CASE(c_code_can_be_put_below_a_budget) {
  BOOST_TEST(holds_in_child([] {
    zpmr::hard_limit cap{100'000};
    auto* const budget = new memory_tracker{"budget", &cap};  // it may never be destroyed
    memory_tracker& tracker = zpmr::make_zmalloc_tracker(*budget);
    bool good = tracker.parent() == budget && &zpmr::zmalloc_tracker() == &tracker;
    good = good && zmalloc_used_memory() == 0;
    void* const block = ztrymalloc(60'000);
    good = good && block != nullptr && budget->bytes_in_use() == zmalloc_size(block);
    good = good && ztrymalloc(60'000) == nullptr && tracker.bytes_in_use() == zmalloc_size(block);
    good = good && trackers_named_zmalloc() == 0;
    good = good && ztryrealloc(block, 110'000) == nullptr && budget->peak_bytes() <= 100'000;
    zfree(block);
    return good && budget->bytes_in_use() == 0;
  }));
}

BOOST_AUTO_TEST_CASE(a_parent_that_comes_too_late_is_refused) {
  BOOST_TEST(holds_in_child([] {
    zfree(zmalloc(1));
    memory_tracker late{"late"};
    try {
      zpmr::make_zmalloc_tracker(late);
    } catch (const std::logic_error& error) {
      return std::string_view(error.what()).find("before the first allocation") !=
                 std::string_view::npos &&
             late.snapshot() == zpmr::memory_usage{.limit = zpmr::no_limit};
    }
    return false;
  }));
}

// Not under the thread sanitizer, to which the locks that jemalloc makes anew in a child are held.
BOOST_AUTO_TEST_CASE(threads_that_allocate_first_at_once_share_one_tracker,
                     *boost::unit_test::enable_if<!zpmr::test::thread_sanitizer>()) {
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST(holds_in_child([] {
      std::array<void*, 8> blocks{};
      zpmr::test::run_together(8, [&](unsigned j) { blocks[j] = zmalloc(64); });
      std::size_t size = 0;
      for (void* block : blocks) size += zmalloc_size(block);
      return zmalloc_used_memory() == size && trackers_named_zmalloc() == 1;
    }));
  }
}
