// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE relocation_hardening

#include <boost/test/unit_test.hpp>
#include <list>
#include <map>
#include <memory_resource>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/defragment.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/relocation_hint.hpp>

#include "support/failing_new.hpp"
#include "support/fragmented.hpp"

namespace {

using text = std::pmr::string;
using zpmr::test::fragmented;

zpmr::allocator_resource* const jemalloc = zpmr::find_allocator("jemalloc");

boost::test_tools::assertion_result with_jemalloc(boost::unit_test::test_unit_id) {
  return jemalloc != nullptr;
}

/// While one lives, the default resource fails as the schedule says: cursors keep keys in it.
struct scarce_default {
  zpmr::failure_schedule failures;
  zpmr::failing_resource scarce{std::pmr::new_delete_resource(), failures};
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(&scarce);
  ~scarce_default() { std::pmr::set_default_resource(before); }
};

template <class Container>
void step_through(Container& container) {
  zpmr::defragment_cursor<Container> cursor;
  while (!zpmr::defragment(container, cursor, {.bytes = 2000}).finished) {
  }
}

/// Effects: defragments in steps, again and again, as nothing moves but once; whichever allocation
/// of a key fails.
template <class Container>
std::uint64_t survive(scarce_default& memory, Container& container,
                      const zpmr::memory_tracker& tracker) {
  const Container expected(container, std::pmr::new_delete_resource());
  const auto tried =
      zpmr::fail_each_allocation(memory.failures, {&tracker}, [&] { step_through(container); });
  BOOST_TEST((container == expected));
  return tried;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_cursor_whose_key_finds_no_memory_loses_nothing, scarce_default,
                        *boost::unit_test::precondition(with_jemalloc)) {
  zpmr::counting_resource memory{jemalloc};
  auto map = fragmented<std::pmr::map<text, text>>(&memory, 40);
  BOOST_TEST(survive(*this, map, memory.tracker()) > 4u);
  auto set = fragmented<std::pmr::set<text>>(&memory, 40);
  BOOST_TEST(survive(*this, set, memory.tracker()) > 4u);
}

BOOST_AUTO_TEST_CASE(what_has_no_keys_takes_nothing_from_operator_new,
                     *boost::unit_test::precondition(with_jemalloc)) {
  zpmr::counting_resource memory{jemalloc};
  auto list = fragmented<std::pmr::list<text>>(&memory, 100);
  auto vector = fragmented<std::pmr::vector<text>>(&memory, 100);
  auto table = fragmented<std::pmr::unordered_map<int, text>>(&memory, 100);
  zpmr::test::check_takes_nothing([&] {
    step_through(list);
    step_through(vector);
    step_through(table);
    static_cast<void>(zpmr::defragment(list));
  });
}

BOOST_AUTO_TEST_CASE(whatever_room_a_cap_leaves_nothing_is_lost,
                     *boost::unit_test::precondition(with_jemalloc)) {
  using table = std::pmr::unordered_map<text, std::pmr::vector<text>>;
  zpmr::counting_resource memory{jemalloc};
  const table expected = [] {
    std::pmr::memory_resource* const elsewhere = std::pmr::new_delete_resource();
    return fragmented<table>(elsewhere, 60);
  }();
  for (std::size_t room = 0; room < 600; room += 16) {
    auto container = fragmented<table>(&memory, 60);
    const std::size_t in_use = memory.bytes_in_use();
    memory.tracker().set_limit(in_use + room);
    memory.tracker().reset_peak();
    static_cast<void>(zpmr::defragment(container));
    BOOST_TEST(memory.bytes_in_use() == in_use);
    BOOST_TEST(memory.peak_bytes() <= in_use + room);
    BOOST_TEST((container == expected));
    memory.tracker().set_limit(zpmr::no_limit);
  }
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_resource_that_may_fail_has_no_hints_and_nothing_is_moved) {
  zpmr::failure_schedule failures;
  zpmr::failing_resource scarce{zpmr::default_allocator(), failures};
  BOOST_TEST(!zpmr::has_relocation_hints(scarce));
  auto list = fragmented<std::pmr::list<text>>(&scarce, 10);
  BOOST_TEST(zpmr::defragment(list).finished);
}
