// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE escape_guard_threads
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <thread>
#include <vector>
#include <zpmr/escape_guard.hpp>

#include "support/child_process.hpp"
#include "support/escapes.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"

namespace {

using std::pmr::get_default_resource;
using zpmr::escape_action;
using zpmr::escape_guard;
using zpmr::test::escape;
using zpmr::test::with_probe;

}  // namespace

BOOST_AUTO_TEST_CASE(the_escapes_of_all_threads_are_seen_each_once) {
  const escape_guard guard{escape_action::locate};
  zpmr::test::run_together(4, [](unsigned) {
    for (int i = 0; i < 2'000; ++i) escape();
  });
  BOOST_TEST(guard.escapes() == 8'000u);
  BOOST_TEST(guard.bytes() == 64'000u);
  BOOST_TEST_REQUIRE(guard.sites().size() == 1u);
  BOOST_TEST(guard.sites()[0].allocations == 8'000u);
}

BOOST_FIXTURE_TEST_CASE(guards_may_come_and_go_while_other_threads_allocate, with_probe) {
  std::atomic<bool> done{false};
  std::thread busy{[&] {
    while (!done) {
      std::pmr::vector<int> numbers(10);
      numbers.resize(100);
    }
  }};
  zpmr::test::run_together(2, [](unsigned) {
    for (int i = 0; i < 1'000; ++i) {
      const escape_guard guard;
      escape();
      if (guard.escapes() == 0) throw std::runtime_error("an escape was missed");
    }
  });
  done = true;
  busy.join();
  BOOST_TEST(get_default_resource() == &probe);
  BOOST_TEST(probe.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_child_of_a_fork_goes_on_while_other_threads_were_allocating) {
  if constexpr (zpmr::test::malloc_is_replaced) return;  // its malloc may be locked in the child
  const escape_guard guard;
  std::atomic<bool> done{false};
  std::thread busy{[&] {
    while (!done) escape();
  }};
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST(zpmr::test::holds_in_child([&] {
      const std::uint64_t before = guard.escapes();
      escape();
      return guard.escapes() == before + 1;
    }));
  }
  done = true;
  busy.join();
}
