// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE escape_guard_lifetime
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>
#include <zpmr/escape_guard.hpp>

#include "support/escapes.hpp"
#include "support/probe_resource.hpp"

namespace {

using std::pmr::get_default_resource;
using std::pmr::memory_resource;
using zpmr::escape_action;
using zpmr::escape_guard;
using zpmr::escape_refused;
using zpmr::test::escape;
using zpmr::test::probe_resource;
using zpmr::test::with_probe;

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_refused_escape_asks_nobody, with_probe) {
  const escape_guard guard{escape_action::refuse};
  BOOST_CHECK_THROW(escape(), escape_refused);
  BOOST_TEST(probe.allocations() == 0u);
}

BOOST_FIXTURE_TEST_CASE(memory_comes_from_the_default_resource_as_before, with_probe) {
  const escape_guard guard;
  void* const block = get_default_resource()->allocate(100, 4096);
  BOOST_TEST(probe.bytes() == 100u);
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % 4096 == 0u);
  get_default_resource()->deallocate(block, 100, 4096);
  BOOST_TEST(probe.bytes() == 0u);
}

BOOST_FIXTURE_TEST_CASE(the_old_default_is_back_when_it_is_gone, with_probe) {
  {
    const escape_guard guard;
    BOOST_TEST(get_default_resource() != &probe);
  }
  BOOST_TEST(get_default_resource() == &probe);
}

BOOST_FIXTURE_TEST_CASE(what_was_made_under_it_may_live_on_grow_and_go, with_probe) {
  std::optional<escape_guard> guard{std::in_place};
  std::optional<std::pmr::vector<int>> numbers{std::in_place, 10};
  guard.reset();
  numbers->resize(1000);
  BOOST_TEST(probe.bytes() == 4000u);
  numbers.reset();
  BOOST_TEST(probe.bytes() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_refusal_ends_with_the_guard_also_for_what_has_kept_the_pointer,
                        with_probe) {
  std::optional<escape_guard> guard{std::in_place, escape_action::refuse};
  memory_resource* const kept = get_default_resource();
  guard.reset();
  kept->deallocate(kept->allocate(8), 8);
  BOOST_TEST(probe.allocations() == 1u);
}

BOOST_FIXTURE_TEST_CASE(code_that_has_kept_the_default_since_before_is_not_seen, with_probe) {
  memory_resource* const kept = get_default_resource();
  const escape_guard guard;
  kept->deallocate(kept->allocate(8), 8);
  BOOST_TEST(guard.escapes() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_container_from_under_an_earlier_guard_is_seen_by_a_later, with_probe) {
  std::optional<escape_guard> earlier{std::in_place};
  std::pmr::vector<int> numbers;
  earlier.reset();
  const escape_guard later;
  numbers.resize(10);
  BOOST_TEST(later.escapes() == 1u);
}

BOOST_FIXTURE_TEST_CASE(many_guards_one_after_the_other_use_one_stand_in, with_probe) {
  memory_resource* first = nullptr;
  for (int i = 0; i < 1000; ++i) {
    const escape_guard guard;
    if (first == nullptr) first = get_default_resource();
    BOOST_TEST_REQUIRE(get_default_resource() == first);
  }
}

BOOST_FIXTURE_TEST_CASE(each_of_nested_guards_sees_an_escape, with_probe) {
  const escape_guard outer;
  escape();
  {
    const escape_guard inner;
    escape();
    BOOST_TEST(inner.escapes() == 1u);
    BOOST_TEST(outer.escapes() == 2u);
  }
  escape();
  BOOST_TEST(outer.escapes() == 3u);
  BOOST_TEST(probe.allocations() == 3u);
}

BOOST_FIXTURE_TEST_CASE(an_inner_refusal_does_not_reach_the_outer, with_probe) {
  const escape_guard outer;
  const escape_guard inner{escape_action::refuse};
  BOOST_CHECK_THROW(escape(), escape_refused);
  BOOST_TEST(inner.escapes() == 1u);
  BOOST_TEST(outer.escapes() == 0u);
}

BOOST_FIXTURE_TEST_CASE(an_outer_refusal_holds_within_an_inner, with_probe) {
  const escape_guard outer{escape_action::refuse};
  const escape_guard inner;
  BOOST_CHECK_THROW(escape(), escape_refused);
  BOOST_TEST(inner.escapes() == 1u);
}

BOOST_FIXTURE_TEST_CASE(guards_may_end_in_any_order, with_probe) {
  std::optional<escape_guard> a{std::in_place};
  std::optional<escape_guard> b{std::in_place};
  std::optional<escape_guard> c{std::in_place};
  b.reset();
  a.reset();
  escape();
  BOOST_TEST(c->escapes() == 1u);
  a.emplace();
  escape();
  BOOST_TEST(c->escapes() == 2u);
  c.reset();
  escape();
  BOOST_TEST(a->escapes() == 2u);
  a.reset();
  BOOST_TEST(get_default_resource() == &probe);
}

BOOST_FIXTURE_TEST_CASE(a_default_that_somebody_else_has_set_stays, with_probe) {
  probe_resource other;
  {
    const escape_guard guard;
    std::pmr::set_default_resource(&other);
    escape();
    BOOST_TEST(guard.escapes() == 0u);
  }
  BOOST_TEST(get_default_resource() == &other);
}

BOOST_FIXTURE_TEST_CASE(guards_over_the_same_resource_see_each_their_own, with_probe) {
  const escape_guard one;
  memory_resource* const of_one = get_default_resource();
  std::pmr::set_default_resource(&probe);
  const escape_guard another;
  escape();
  BOOST_TEST(one.escapes() == 0u);
  BOOST_TEST(another.escapes() == 1u);
  of_one->deallocate(of_one->allocate(8), 8);
  BOOST_TEST(one.escapes() == 1u);
  BOOST_TEST(another.escapes() == 1u);
}
