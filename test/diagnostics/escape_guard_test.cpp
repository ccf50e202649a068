// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE escape_guard
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/call_stack.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/escape_guard.hpp>

#include "support/escapes.hpp"

namespace {

using std::pmr::get_default_resource;
using zpmr::escape_action;
using zpmr::escape_guard;
using zpmr::escape_refused;
using zpmr::test::escape;

using text = std::pmr::string;
constexpr std::string_view long_text = "longer than what a string keeps in itself";

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

namespace {

volatile int after_the_call = 0;

[[gnu::noinline]] int escape_and_go_on() {
  escape();
  after_the_call = 1;
  return __LINE__ - 2;  // of the call
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_printed_place_has_the_line_of_the_call_and_not_the_one_after_it) {
  const escape_guard guard{escape_action::locate};
  const int line = escape_and_go_on();
  BOOST_TEST_REQUIRE(guard.sites().size() == 1u);
  std::ostringstream printed;
  printed << guard.sites()[0].where;
  const std::string text = printed.str();
  const std::string call = text.substr(text.find("escape_and_go_on"));
  if (call.find(" at address ") < call.find('\n')) return;  // built without lines
  BOOST_TEST(call.substr(0, call.find('\n')).ends_with(':' + std::to_string(line)), text);
}

BOOST_AUTO_TEST_CASE(a_printed_place_ends_with_main_though_what_called_that_is_known) {
  std::ostringstream printed;
  printed << zpmr::call_stack::here();
  const std::string text = printed.str();
  const std::size_t main = text.find("    main at ");
  if (main == text.npos) return;  // too far up, or left for good by what it called last
  BOOST_TEST(text.find('\n', main) == text.size() - 1, text);
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
