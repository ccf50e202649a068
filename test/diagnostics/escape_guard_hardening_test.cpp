// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE escape_guard_hardening

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <vector>
#include <zpmr/escape_guard.hpp>

#include "support/failing_new.hpp"
#include "support/probe_resource.hpp"

BOOST_AUTO_TEST_CASE(a_guard_that_finds_no_memory_leaves_the_default_resource) {
  zpmr::test::probe_resource probe;  // a resource that no guard has seen yet
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(&probe);
  zpmr::test::new_failures.set({.nth = 1});
  BOOST_CHECK_THROW(zpmr::escape_guard{zpmr::escape_action::locate}, std::bad_alloc);
  zpmr::test::new_failures.set({});
  BOOST_TEST(std::pmr::get_default_resource() == &probe);
  {
    const zpmr::escape_guard guard;  // what stands in is kept for ever, so not in the loop
  }
  BOOST_TEST(zpmr::test::fail_each_new({}, [] {
               const zpmr::escape_guard outer{zpmr::escape_action::locate};
               std::pmr::vector<int> numbers(10);
               static_cast<void>(outer.sites());
             }) > 0u);
  BOOST_TEST(std::pmr::get_default_resource() == &probe);
  BOOST_TEST(probe.bytes() == 0u);
  std::pmr::set_default_resource(before);
}
