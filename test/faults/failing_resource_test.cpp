// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE failing_resource
#include <zpmr/failing_resource.hpp>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <vector>
#include <zpmr/counting_resource.hpp>

#include "support/probe_resource.hpp"

namespace {

using zpmr::failing_resource;
using zpmr::failure_kind;
using zpmr::failure_schedule;
using zpmr::test::probe_resource;

}  // namespace

BOOST_AUTO_TEST_CASE(it_fails_by_the_schedule_and_asks_the_upstream_otherwise) {
  probe_resource upstream;
  failure_schedule failures{{.nth = 2}};
  failing_resource resource{&upstream, failures};
  void* const first = resource.allocate(100, 8);
  BOOST_CHECK_THROW(static_cast<void>(resource.allocate(10)), std::bad_alloc);
  BOOST_TEST(upstream.allocations() == 1u);
  void* const third = resource.allocate(50, 64);
  BOOST_TEST(upstream.bytes() == 150u);
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(third) % 64 == 0u);
  resource.deallocate(first, 100, 8);
  resource.deallocate(third, 50, 64);
  BOOST_TEST(upstream.bytes() == 0u);
  BOOST_TEST(failures.failures() == 1u);
}

BOOST_AUTO_TEST_CASE(what_was_allocated_can_be_freed_while_everything_fails) {
  probe_resource upstream;
  failure_schedule failures;
  failing_resource resource{&upstream, failures};
  void* const block = resource.allocate(100);
  failures.set({.probability = 1});
  BOOST_CHECK_THROW(static_cast<void>(resource.allocate(1)), std::bad_alloc);
  resource.deallocate(block, 100);
  BOOST_TEST(upstream.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(resources_that_share_a_schedule_are_numbered_together) {
  probe_resource upstream;
  failure_schedule failures{{.nth = 3}};
  failing_resource one{&upstream, failures};
  failing_resource another{&upstream, failures};
  one.deallocate(one.allocate(1), 1);
  another.deallocate(another.allocate(1), 1);
  BOOST_CHECK_THROW(static_cast<void>(one.allocate(1)), std::bad_alloc);
  another.deallocate(another.allocate(1), 1);
}

BOOST_AUTO_TEST_CASE(a_size_that_cannot_exist_is_refused_and_not_counted) {
  probe_resource upstream;
  failure_schedule failures;
  failing_resource resource{&upstream, failures};
  const volatile std::size_t impossible = SIZE_MAX - 3;  // volatile: the compiler would warn
  BOOST_CHECK_THROW(static_cast<void>(resource.allocate(impossible, 4096)), std::bad_alloc);
  BOOST_TEST(failures.allocations() == 0u);
  BOOST_TEST(upstream.allocations() == 0u);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_fails_by_itself_is_no_failure_of_the_schedule) {
  failure_schedule failures;
  failing_resource resource{std::pmr::null_memory_resource(), failures};
  BOOST_CHECK_THROW(static_cast<void>(resource.allocate(8)), std::bad_alloc);
  BOOST_TEST(failures.allocations() == 1u);
  BOOST_TEST(failures.failures() == 0u);
}

BOOST_AUTO_TEST_CASE(it_knows_its_parts_and_is_equal_to_itself_only) {
  probe_resource upstream;
  failure_schedule failures;
  const failing_resource resource{&upstream, failures};
  const failing_resource another{&upstream, failures};
  BOOST_TEST(resource.upstream_resource() == &upstream);
  BOOST_TEST(&resource.failures() == &failures);
  BOOST_TEST(resource.is_equal(resource));
  BOOST_TEST(!resource.is_equal(another));
}
