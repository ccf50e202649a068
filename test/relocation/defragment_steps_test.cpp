// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE defragment_steps

#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory_resource>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/defragment.hpp>

#include "support/fragmented.hpp"

namespace {

using zpmr::counting_resource;
using zpmr::defragment;
using zpmr::defragment_budget;
using zpmr::defragment_cursor;
using zpmr::defragment_figures;
using zpmr::test::fragmented;
using zpmr::test::numbered;
using zpmr::test::payload;

using text = std::pmr::string;

using containers =
    boost::mpl::list<std::pmr::list<text>, std::pmr::map<text, int>, std::pmr::multimap<int, text>,
                     std::pmr::set<text>, std::pmr::unordered_map<text, payload>,
                     std::pmr::unordered_set<text>, std::pmr::vector<text>>;

zpmr::allocator_resource* const jemalloc = zpmr::find_allocator("jemalloc");

boost::test_tools::assertion_result with_jemalloc(boost::unit_test::test_unit_id) {
  return jemalloc != nullptr;
}

/// Effects: calls `between` after each step, until a step says that it was the last.
/// Returns: the figures of all steps.
template <class Container, class F>
defragment_figures defragment_in_steps(Container& container, const defragment_budget& budget,
                                       F between) {
  defragment_cursor<Container> cursor;
  defragment_figures sum;
  for (std::size_t steps = 0; !sum.finished; ++steps) {
    BOOST_TEST_REQUIRE(steps < 100000u);
    const defragment_figures done = defragment(container, cursor, budget);
    sum.examined += done.examined;
    sum.moved_blocks += done.moved_blocks;
    sum.moved_bytes += done.moved_bytes;
    sum.finished = done.finished;
    between();
  }
  return sum;
}

template <class Container>
void erase_one_at_random(Container& container, std::mt19937& random) {
  if (container.empty()) return;
  const auto index =
      static_cast<std::ptrdiff_t>(random() % std::min<std::size_t>(container.size(), 100));
  container.erase(std::next(container.begin(), index));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(with_hints, *boost::unit_test::precondition(with_jemalloc))

BOOST_AUTO_TEST_CASE_TEMPLATE(the_smallest_steps_come_to_the_same_end, Container, containers) {
  Container in_steps = fragmented<Container>(jemalloc, 1000);
  const Container expected(in_steps, std::pmr::get_default_resource());
  std::size_t steps = 0;
  const defragment_figures done = defragment_in_steps(in_steps, {.bytes = 1}, [&] { ++steps; });
  BOOST_CHECK(in_steps == expected);
  // A bucket may hold more than one element; and a list is walked to the place, so that a step does
  // more the further it has to go.
  constexpr bool is_list = std::is_same_v<Container, std::pmr::list<text>>;
  BOOST_TEST(steps >= (is_list ? 100 : in_steps.size() / 2));
  if (is_list) BOOST_TEST(steps <= in_steps.size() / 4);
  BOOST_TEST(done.examined >= in_steps.size());
  BOOST_TEST(done.moved_blocks > done.examined / 2);
  BOOST_TEST(defragment(in_steps).moved_blocks <= done.moved_blocks / 10);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_step_is_bounded_by_the_bytes_it_looks_at, Container, containers) {
  Container container = fragmented<Container>(jemalloc, 1000);
  defragment_cursor<Container> cursor;
  constexpr std::size_t most_for_an_element = 1024;
  for (bool finished = false; !finished;) {
    const defragment_figures done = defragment(container, cursor, {.bytes = 16 * 1024});
    BOOST_TEST_REQUIRE(done.moved_bytes <= 16 * 1024 + most_for_an_element);
    finished = done.finished;
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_step_without_time_looks_at_a_few_elements_only, Container,
                              containers) {
  Container container = fragmented<Container>(jemalloc, 2000);
  defragment_cursor<Container> cursor;
  const defragment_figures done =
      defragment(container, cursor, {.time = std::chrono::nanoseconds(0)});
  BOOST_TEST(!done.finished);
  BOOST_TEST(done.examined <= 100u);
  BOOST_TEST(defragment_in_steps(container, {.time = std::chrono::nanoseconds(0)}, [] {}).finished);
}

BOOST_AUTO_TEST_CASE(a_step_without_time_stops_after_an_element_that_holds_many_blocks) {
  using maps = std::pmr::vector<std::pmr::map<int, payload>>;
  maps container(3, jemalloc);
  for (auto& map : container) zpmr::test::fill(map, 100);
  defragment_cursor<maps> cursor;
  for (std::size_t i = 0; i < container.size(); ++i) {
    const defragment_figures done =
        defragment(container, cursor, {.time = std::chrono::nanoseconds(0)});
    BOOST_TEST(done.examined == 100u);
    BOOST_TEST(!done.finished);
  }
  BOOST_TEST(defragment(container, cursor, {}).finished);
}

BOOST_AUTO_TEST_CASE(a_step_without_time_reads_the_clock_for_every_16th_block) {
  using lists = std::pmr::list<std::pmr::list<int>>;
  lists container(100, jemalloc);
  for (auto& list : container) list = {1, 2, 3};
  defragment_cursor<lists> cursor;
  for (int i = 0; i < 5; ++i) {  // of four blocks each
    BOOST_TEST(defragment(container, cursor, {.time = std::chrono::nanoseconds(0)}).examined ==
               16u);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_container_may_change_between_steps, Container, containers) {
  counting_resource memory{jemalloc, "changing"};
  Container container = fragmented<Container>(&memory, 1000);
  std::mt19937 random(7);
  std::size_t next = 100000;
  const defragment_figures done = defragment_in_steps(container, {.bytes = 500}, [&] {
    erase_one_at_random(container, random);
    container.insert(container.begin(), numbered<typename Container::value_type>(next++));
    erase_one_at_random(container, random);
  });
  BOOST_TEST(done.finished);
  BOOST_TEST(done.moved_blocks > 0u);
  const Container copy(container, std::pmr::get_default_resource());
  BOOST_CHECK(container == copy);  // reads all of it
  container = Container(&memory);
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_container_that_was_emptied_between_steps_is_finished, Container,
                              containers) {
  Container container = fragmented<Container>(jemalloc, 500);
  defragment_cursor<Container> cursor;
  for (int i = 0; i < 10; ++i) BOOST_TEST(!defragment(container, cursor, {.bytes = 1}).finished);
  container.clear();
  defragment_figures done;
  for (int i = 0; i < 3 && !done.finished; ++i) done = defragment(container, cursor, {});
  BOOST_TEST(done.finished);
}

BOOST_AUTO_TEST_CASE(a_list_that_no_longer_reaches_to_the_place_is_finished) {
  auto list = fragmented<std::pmr::list<payload>>(jemalloc, 500);
  defragment_cursor<std::pmr::list<payload>> cursor;
  for (int i = 0; i < 10; ++i) defragment(list, cursor, {.bytes = 1});
  list.resize(3);
  BOOST_CHECK((defragment(list, cursor, {}) == defragment_figures{.finished = true}));
}

BOOST_AUTO_TEST_CASE(the_key_to_go_on_at_may_be_gone) {
  auto map = fragmented<std::pmr::map<text, int>>(jemalloc, 1000);
  defragment_cursor<std::pmr::map<text, int>> cursor;
  std::size_t examined = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    examined += defragment(map, cursor, {.bytes = 1}).examined;
    map.erase(std::next(map.begin(), static_cast<std::ptrdiff_t>(i + 1)));  // the next one
  }
  BOOST_TEST(examined == 200u);  // of each a key and a node
  const std::size_t left = map.size() - 100;
  BOOST_TEST(defragment(map, cursor, {}).examined == 2 * left);
}

BOOST_AUTO_TEST_CASE(steps_end_in_the_middle_of_equal_keys) {
  std::pmr::multimap<int, payload> same(jemalloc);
  for (int i = 0; i < 5000; ++i) same.emplace(1, payload{});
  zpmr::test::thin_out(same, 10);
  const defragment_figures done = defragment_in_steps(same, {.bytes = 1}, [] {});
  BOOST_TEST(done.examined == same.size());
}

BOOST_AUTO_TEST_CASE(a_rehashed_table_is_gone_through_anew) {
  auto table = fragmented<std::pmr::unordered_map<int, payload>>(jemalloc, 1000);
  defragment_cursor<std::pmr::unordered_map<int, payload>> cursor;
  while (defragment(table, cursor, {.bytes = 1}).examined == 0) {
  }
  table.rehash(table.bucket_count() * 2);
  BOOST_TEST(defragment(table, cursor, {}).examined == table.size());
}

BOOST_AUTO_TEST_CASE(a_finished_cursor_is_at_the_start_again) {
  auto list = fragmented<std::pmr::list<payload>>(jemalloc, 500);
  defragment_cursor<std::pmr::list<payload>> cursor;
  for (int pass = 0; pass < 3; ++pass) {
    BOOST_TEST(defragment(list, cursor, {.bytes = 1}).examined == 1u);
    BOOST_TEST(defragment(list, cursor, {}).examined == list.size() - 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()
