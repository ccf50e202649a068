// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE counting_resource
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <memory_resource>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/libc_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"
#include "support/rounding_allocator.hpp"

namespace {

using std::pmr::memory_resource;
using zpmr::counting_resource;
using zpmr::hard_limit;
using zpmr::libc_resource;
using zpmr::memory_tracker;
using zpmr::test::probe_resource;
using zpmr::test::rounding_allocator;

// ---- What can be known when compiling.

template <class... Arguments>
using deduced = decltype(counting_resource{std::declval<Arguments>()...});

static_assert(std::is_same_v<deduced<libc_resource*>, counting_resource<libc_resource>>);
static_assert(
    std::is_same_v<deduced<libc_resource*, const char*>, counting_resource<libc_resource>>);
static_assert(std::is_same_v<deduced<libc_resource*, std::string_view, hard_limit*>,
                             counting_resource<libc_resource>>);
static_assert(
    std::is_same_v<deduced<libc_resource*, memory_tracker&>, counting_resource<libc_resource>>);
static_assert(std::is_same_v<deduced<memory_resource*>, counting_resource<>>);
static_assert(std::is_same_v<deduced<memory_resource*, memory_tracker&>, counting_resource<>>);
static_assert(std::is_same_v<counting_resource<>, counting_resource<memory_resource>>);
static_assert(std::is_same_v<deduced<counting_resource<libc_resource>*>,
                             counting_resource<counting_resource<libc_resource>>>);

static_assert(std::is_convertible_v<counting_resource<>*, memory_resource*>);
static_assert(
    std::is_convertible_v<counting_resource<libc_resource>*, std::pmr::polymorphic_allocator<int>>);
static_assert(!std::is_convertible_v<libc_resource*, counting_resource<libc_resource>>);
static_assert(std::is_constructible_v<counting_resource<>, libc_resource*>);
static_assert(std::is_final_v<counting_resource<libc_resource>>);
static_assert(!std::is_copy_assignable_v<counting_resource<>>);
static_assert(!std::is_move_constructible_v<counting_resource<>>);
static_assert(
    std::is_same_v<decltype(std::declval<counting_resource<libc_resource>&>().upstream_resource()),
                   libc_resource*>);

}  // namespace

// ---- Making one.

BOOST_AUTO_TEST_CASE(it_charges_the_tracker_that_it_was_given) {
  memory_tracker tracker{"given"};
  probe_resource upstream;
  counting_resource memory{&upstream, tracker};
  BOOST_TEST(&memory.tracker() == &tracker);
  BOOST_TEST(memory.upstream_resource() == &upstream);
  void* const block = memory.allocate(100);
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  BOOST_TEST(memory.bytes_in_use() == 100u);
  memory.deallocate(block, 100);
  BOOST_TEST(memory.peak_bytes() == 100u);
  BOOST_TEST(memory.snapshot() == tracker.snapshot());
}

BOOST_AUTO_TEST_CASE(it_makes_a_root_tracker_of_its_own) {
  hard_limit cap{1000};
  probe_resource upstream;
  counting_resource memory{&upstream, "own", &cap};
  BOOST_TEST(memory.tracker().name() == "own");
  BOOST_TEST(memory.tracker().parent() == nullptr);
  BOOST_TEST(memory.tracker().limit() == 1000u);
  bool found = false;
  zpmr::for_each_tracker(
      [&](const memory_tracker& each) { found = found || &each == &memory.tracker(); });
  BOOST_TEST(found);

  const counting_resource nameless{&upstream};
  BOOST_TEST(nameless.tracker().name().empty());
  BOOST_TEST(nameless.tracker().limit() == zpmr::no_limit);
}

BOOST_AUTO_TEST_CASE(several_resources_may_share_a_tracker) {
  memory_tracker tracker{"shared"};
  probe_resource upstream;
  rounding_allocator allocator;
  counting_resource one{&upstream, tracker};
  counting_resource other{&allocator, tracker};
  void* const from_one = one.allocate(100);
  void* const from_other = other.allocate(100);
  BOOST_TEST(tracker.bytes_in_use() == 228u);
  BOOST_TEST(tracker.snapshot().requested_bytes_in_use == 200u);
  other.deallocate(from_other, 100);
  one.deallocate(from_one, 100);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

// ---- Equality and containers.

BOOST_AUTO_TEST_CASE(equality_is_identity) {
  memory_tracker tracker{"shared"};
  counting_resource one{zpmr::libc(), tracker};
  counting_resource other{zpmr::libc(), tracker};
  BOOST_TEST(one.is_equal(one));
  BOOST_TEST(!one.is_equal(other));
  BOOST_TEST(!one.is_equal(*zpmr::libc()));
  BOOST_TEST((static_cast<memory_resource&>(one) == static_cast<memory_resource&>(one)));
  BOOST_TEST((static_cast<memory_resource&>(one) != static_cast<memory_resource&>(other)));
}

BOOST_AUTO_TEST_CASE(containers_of_two_resources_keep_their_buffers_when_assigned_or_spliced) {
  probe_resource upstream;
  counting_resource one{&upstream, "one"};
  counting_resource other{&upstream, "other"};
  {
    std::pmr::vector<char> a(1000, 'a', &one);
    std::pmr::vector<char> b(10, 'b', &other);
    b = std::move(a);  // copies, as the resources differ
    BOOST_TEST(other.bytes_in_use() >= 1000u);
    BOOST_TEST(b.get_allocator().resource() == &other);
    std::pmr::vector<char> c(&one);
    c = std::move(b);
    std::swap(a, c);  // of one resource: buffers change hands, figures stay
    BOOST_TEST(one.bytes_in_use() + other.bytes_in_use() == upstream.bytes());
  }
  BOOST_TEST(one.bytes_in_use() == 0u);
  BOOST_TEST(other.bytes_in_use() == 0u);
  BOOST_TEST(one.snapshot().blocks_in_use() == 0u);
  BOOST_TEST(other.snapshot().blocks_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_map_holds_is_what_its_upstream_has_given) {
  probe_resource upstream;
  counting_resource memory{&upstream, "map"};
  {
    std::pmr::unordered_map<std::pmr::string, std::pmr::string> table{&memory};
    for (int i = 0; i < 1000; ++i) {
      table.emplace(std::to_string(i) + " is a key that is too long for a short string",
                    std::string(static_cast<std::size_t>(i), 'v'));
      BOOST_REQUIRE(memory.bytes_in_use() == upstream.bytes());
    }
    BOOST_TEST(memory.peak_bytes() == upstream.most_bytes());
    BOOST_TEST(memory.snapshot().allocations == upstream.allocations());
  }
  BOOST_TEST(memory.bytes_in_use() == 0u);
}
