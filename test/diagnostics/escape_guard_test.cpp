// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE escape_guard
#include <zpmr/escape_guard.hpp>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
#include <zpmr/counting_resource.hpp>

#include "support/child_process.hpp"
#include "support/probe_resource.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"

namespace {

using std::pmr::get_default_resource;
using std::pmr::memory_resource;
using zpmr::escape_action;
using zpmr::escape_guard;
using zpmr::escape_refused;
using zpmr::test::probe_resource;

using text = std::pmr::string;
constexpr std::string_view long_text = "longer than what a string keeps in itself";

/// Effects: allocates 8 bytes from the default resource, and frees them.
[[gnu::noinline]] void escape() {
  memory_resource* const memory = get_default_resource();
  memory->deallocate(memory->allocate(8), 8);
}

/// A default resource of the test's own, for its lifetime.
struct with_probe {
  probe_resource probe;
  memory_resource* const before = std::pmr::set_default_resource(&probe);
  ~with_probe() { std::pmr::set_default_resource(before); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_copied_container_is_seen) {
  zpmr::counting_resource memory{std::pmr::new_delete_resource()};
  const text original(long_text, &memory);
  const escape_guard guard;
  const text copied = original;
  BOOST_TEST(guard.escapes() == 1u);
  BOOST_TEST(guard.bytes() == long_text.size() + 1);
}

BOOST_AUTO_TEST_CASE(an_element_without_the_allocator_is_seen) {
  struct record {  // does not take an allocator, so its container cannot pass its own on
    text name;
  };
  zpmr::counting_resource memory{std::pmr::new_delete_resource()};
  const escape_guard guard;
  std::pmr::vector<record> records(&memory);
  records.push_back({text(long_text)});
  BOOST_TEST(guard.escapes() == 1u);
}

BOOST_AUTO_TEST_CASE(what_stays_within_the_tracker_is_not) {
  zpmr::counting_resource memory{std::pmr::new_delete_resource()};
  const escape_guard guard;
  std::pmr::vector<text> texts(&memory);
  for (int i = 0; i < 100; ++i) texts.emplace_back(long_text);
  const std::pmr::vector<text> copied(texts, &memory);
  BOOST_TEST(guard.escapes() == 0u);
  BOOST_TEST(guard.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_refused_escape_throws_and_says_what_and_is_counted) {
  std::optional<escape_refused> kept;
  {
    const escape_guard guard{escape_action::refuse};
    try {
      static_cast<void>(get_default_resource()->allocate(100, 64));
    } catch (const escape_refused& refusal) {
      kept = refusal;
    }
    BOOST_TEST(guard.escapes() == 1u);
    BOOST_TEST(guard.bytes() == 100u);
    BOOST_CHECK_THROW(text{long_text}, std::bad_alloc);
  }
  BOOST_TEST_REQUIRE(kept.has_value());
  BOOST_TEST(kept->bytes() == 100u);
  BOOST_TEST(kept->alignment() == 64u);
  BOOST_TEST(std::string_view(kept->what()).starts_with("zpmr: 100 bytes at alignment 64 were "));
  BOOST_TEST(
      std::string_view(kept->what()).ends_with("give the container or element its allocator"));
}

BOOST_AUTO_TEST_CASE(places_are_told_apart_and_the_one_with_most_bytes_comes_first) {
  const escape_guard guard{escape_action::locate};
  const volatile int times = 3;  // volatile: an unrolled loop would call from three places
  for (int i = 0; i < times; ++i) escape();
  const text large(1000, 'x');
  const std::vector<zpmr::escape_site> sites = guard.sites();
  BOOST_TEST_REQUIRE(sites.size() == 2u);
  BOOST_TEST(sites[0].bytes == 1001u);
  BOOST_TEST(sites[0].allocations == 1u);
  BOOST_TEST(sites[1].bytes == 24u);
  BOOST_TEST(sites[1].allocations == 3u);
  std::ostringstream printed;
  printed << sites[1].where;
  BOOST_TEST(printed.str().find("escape()") < printed.str().find("places_are_told_apart"));
}

BOOST_AUTO_TEST_CASE(a_printed_place_starts_with_the_program_s_own_call) {
  const escape_guard guard{escape_action::locate};
  escape();
  BOOST_TEST_REQUIRE(guard.sites().size() == 1u);
  std::ostringstream printed;
  printed << guard.sites()[0].where;
  const std::string first = printed.str().substr(0, printed.str().find('\n'));
  BOOST_TEST(first.find("escape()") != std::string::npos, printed.str());
}

BOOST_AUTO_TEST_CASE(a_refused_place_is_told_by_the_exception_and_by_the_guard) {
  const escape_guard guard{escape_action::refuse};
  try {
    escape();
    BOOST_ERROR("not refused");
  } catch (const escape_refused& refusal) {
    BOOST_TEST(!refusal.where().frames().empty());
    BOOST_TEST_REQUIRE(guard.sites().size() == 1u);
    BOOST_TEST((guard.sites()[0].where == refusal.where()));
  }
}

BOOST_AUTO_TEST_CASE(what_is_only_counted_has_no_places) {
  const escape_guard guard;
  escape();
  BOOST_TEST(guard.sites().empty());
}

namespace {

/// Effects: escapes from a place for each number: by the path of calls that its bits give.
void escape_by(unsigned path, int depth) {
  if (depth == 0) return escape();
  if (path % 2 == 0) {
    escape_by(path / 2, depth - 1);
  } else {
    escape_by(path / 2, depth - 1);
  }
  const volatile int stay = depth;  // or the call would be a jump
  static_cast<void>(stay);
}

}  // namespace

BOOST_AUTO_TEST_CASE(places_beyond_the_first_thousand_are_told_as_one_and_none_is_lost) {
  const escape_guard guard{escape_action::locate};
  for (unsigned path = 0; path < 2048; ++path) escape_by(path, 11);
  const std::vector<zpmr::escape_site> sites = guard.sites();
  std::uint64_t told = 0;
  for (const zpmr::escape_site& each : sites) told += each.allocations;
  BOOST_TEST(told == 2048u);
  BOOST_TEST(sites.size() <= 1001u);
  if (sites.size() == 1001u) BOOST_TEST(sites[0].where.frames().empty());
}

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

BOOST_AUTO_TEST_CASE(an_impossible_size_is_a_plain_bad_alloc_and_no_escape) {
  const escape_guard guard{escape_action::refuse};
  const volatile std::size_t impossible = SIZE_MAX - 3;  // volatile: the compiler would warn
  try {
    static_cast<void>(get_default_resource()->allocate(impossible, 4096));
    BOOST_ERROR("not refused");
  } catch (const std::bad_alloc& error) {
    BOOST_TEST(dynamic_cast<const escape_refused*>(&error) == nullptr);
  }
  BOOST_TEST(guard.escapes() == 0u);
}

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
