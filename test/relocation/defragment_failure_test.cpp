// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE defragment_failure

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/defragment.hpp>
#include <zpmr/overdraft_scope.hpp>
#include <zpmr/policies.hpp>

#include "support/fragmented.hpp"

namespace {

using zpmr::counting_resource;
using zpmr::defragment;
using zpmr::defragment_figures;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::fragmented;
using zpmr::test::thin_out;

using text = std::pmr::string;

zpmr::allocator_resource* const jemalloc = zpmr::find_allocator("jemalloc");

boost::test_tools::assertion_result with_jemalloc(boost::unit_test::test_unit_id) {
  return jemalloc != nullptr;
}

/// Throws when it is copied, or moved, for the n-th time.
class touchy {
 public:
  static inline std::size_t calls_left = SIZE_MAX;

  touchy(int value) : value_(value) {}
  touchy(const touchy& other) : value_(other.value_) { call(); }
  touchy(touchy&& other) : value_(other.value_) {
    call();
    other.value_ = -1;
  }
  touchy& operator=(const touchy&) = default;
  friend auto operator<=>(const touchy&, const touchy&) = default;

  [[nodiscard]] int value() const { return value_; }

 private:
  static void call() {
    if (calls_left == 0 || --calls_left == 0) throw std::runtime_error("touched once too often");
  }

  int value_;
  std::array<char, 60> padding_{};
};

struct hash_touchy {
  std::size_t operator()(const touchy& value) const noexcept {
    return static_cast<std::size_t>(value.value());
  }
};

using touchy_containers = boost::mpl::list<
    std::pmr::list<touchy>, std::pmr::map<touchy, text>, std::pmr::map<text, touchy>,
    std::pmr::set<touchy>, std::pmr::multimap<int, touchy>, std::pmr::unordered_map<int, touchy>,
    std::pmr::unordered_set<touchy, hash_touchy>, std::pmr::map<int, std::pmr::vector<touchy>>>;

template <class Value>
Value made_of(int i) {
  if constexpr (requires { typename Value::first_type; }) {
    return {made_of<std::remove_const_t<typename Value::first_type>>(i),
            made_of<typename Value::second_type>(i)};
  } else if constexpr (std::is_same_v<Value, text>) {
    return text(std::to_string(1000000 + i) + " and more than fits into a string itself");
  } else if constexpr (std::is_same_v<Value, std::pmr::vector<touchy>>) {
    return Value(2, touchy(i));
  } else {
    return Value(i);
  }
}

template <class Container>
Container thinned_out(std::pmr::memory_resource* resource) {
  Container container(resource);
  for (int i = 0; i < 3000; ++i) {
    container.insert(container.end(), made_of<typename Container::value_type>(i));
  }
  thin_out(container, 10);
  return container;
}

/// Neither can be copied, nor moved without a risk.
struct immovable {
  explicit immovable(int start) : value(start) {}
  immovable(const immovable&) = delete;
  immovable& operator=(const immovable&) = delete;
  std::array<int, 20> padding{};
  int value;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(with_hints, *boost::unit_test::precondition(with_jemalloc))

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_is_lost_wherever_a_copy_throws, Container,
                              touchy_containers) {
  std::size_t failures = 0;
  for (std::size_t good_calls = 1;; good_calls += 1 + good_calls / 4) {
    counting_resource memory{jemalloc, "touchy"};
    Container container = thinned_out<Container>(&memory);
    const Container expected(container, std::pmr::get_default_resource());
    const memory_usage before = memory.snapshot();
    bool completed = false;
    touchy::calls_left = good_calls;
    try {
      completed = defragment(container).moved_blocks > 0;
    } catch (const std::runtime_error&) {
      ++failures;
    }
    touchy::calls_left = SIZE_MAX;
    BOOST_TEST_REQUIRE((container == expected));
    BOOST_TEST_REQUIRE(memory.bytes_in_use() == before.bytes_in_use);
    BOOST_TEST_REQUIRE(memory.snapshot().blocks_in_use() == before.blocks_in_use());
    if (completed) break;
  }
  BOOST_TEST(failures > 5u);
}

BOOST_AUTO_TEST_CASE(after_a_throw_the_next_step_begins_where_the_last_one_did) {
  auto list = thinned_out<std::pmr::list<touchy>>(jemalloc);
  zpmr::defragment_cursor<std::pmr::list<touchy>> cursor;
  BOOST_TEST(!defragment(list, cursor, {.bytes = 1}).finished);
  touchy::calls_left = 20;
  BOOST_CHECK_THROW(defragment(list, cursor, {}), std::runtime_error);
  touchy::calls_left = SIZE_MAX;
  BOOST_TEST(defragment(list, cursor, {}).examined == list.size() - 1);
}

BOOST_AUTO_TEST_CASE(elements_that_cannot_move_stay_where_they_are) {
  std::pmr::list<immovable> list(jemalloc);
  for (int i = 0; i < 3000; ++i) list.emplace_back(i);
  list.remove_if([](const immovable& each) { return each.value % 10 != 0; });
  std::vector<const immovable*> places;
  for (const immovable& each : list) places.push_back(&each);
  BOOST_TEST(defragment(list).examined == 0u);
  std::size_t i = 0;
  for (const immovable& each : list) BOOST_TEST_REQUIRE(&each == places[i++]);

  std::pmr::unordered_map<int, immovable> table(jemalloc);
  for (int n = 0; n < 100; ++n) table.try_emplace(n, n);
  BOOST_TEST(defragment(table).examined == 0u);
}

BOOST_AUTO_TEST_CASE(what_can_only_be_moved_is_moved) {
  std::pmr::map<std::unique_ptr<int>, std::unique_ptr<int>> owners(jemalloc);
  std::set<int*> kept;
  for (int i = 0; i < 5000; ++i) {
    owners.emplace(std::make_unique<int>(i), std::make_unique<int>(i));
  }
  thin_out(owners, 10);
  for (const auto& [key, value] : owners) kept.insert(value.get());
  BOOST_TEST(defragment(owners).moved_blocks > 100u);
  for (const auto& [key, value] : owners) BOOST_TEST_REQUIRE(kept.contains(value.get()));
}

BOOST_AUTO_TEST_CASE(a_full_cap_is_not_passed_and_its_policy_is_not_asked) {
  auto memory_map = [](auto& memory) {
    auto map = fragmented<std::pmr::map<text, text>>(&memory, 2000);
    return map;
  };
  bool asked = false;
  zpmr::evicting_limit cap{zpmr::no_limit, [&](const zpmr::limit_event&) { return asked = true; }};
  memory_tracker root("root", &cap);
  memory_tracker leaf("leaf", root);
  counting_resource memory{jemalloc, leaf};
  auto map = memory_map(memory);
  const std::map<text, text> expected(map.begin(), map.end());
  const std::size_t full = root.bytes_in_use();
  root.set_limit(full);
  root.reset_peak();

  const defragment_figures done = defragment(map);
  BOOST_TEST(done.finished);
  BOOST_TEST(done.moved_blocks == 0u);
  BOOST_TEST(done.no_room > 2000u);
  BOOST_TEST(leaf.snapshot().denied < 50u);  // no more than one for each size of blocks
  BOOST_TEST(!asked);
  BOOST_TEST(root.peak_bytes() == full);
  BOOST_TEST(root.bytes_in_use() == full);
  BOOST_CHECK(std::equal(map.begin(), map.end(), expected.begin(), expected.end()));

  // Room for one more block at a time is enough for all of them.
  root.set_limit(full + 256);
  const defragment_figures with_room = defragment(map);
  BOOST_TEST(with_room.no_room == 0u);
  BOOST_TEST(with_room.moved_blocks > 2000u);
  BOOST_TEST(root.peak_bytes() <= full + 256);
  BOOST_TEST(root.bytes_in_use() == full);
  BOOST_CHECK(std::equal(map.begin(), map.end(), expected.begin(), expected.end()));
}

BOOST_AUTO_TEST_CASE(within_an_overdraft_scope_a_full_cap_may_be_passed_for_a_moment) {
  memory_tracker tracker("full");
  counting_resource memory{jemalloc, tracker};
  auto list = fragmented<std::pmr::list<text>>(&memory, 2000);
  const std::size_t full = tracker.bytes_in_use();
  tracker.set_limit(full);
  const zpmr::overdraft_scope scope;
  const defragment_figures done = defragment(list);
  BOOST_TEST(done.no_room == 0u);
  BOOST_TEST(done.moved_blocks > 2000u);
  BOOST_TEST(tracker.bytes_in_use() == full);
  BOOST_TEST(tracker.snapshot().overdrafts == done.moved_blocks);
}

BOOST_AUTO_TEST_CASE(afterwards_policies_are_asked_again) {
  unsigned asked = 0;
  zpmr::evicting_limit cap{zpmr::no_limit, [&](const zpmr::limit_event&) {
                             ++asked;
                             return false;
                           }};
  memory_tracker tracker("full", &cap);
  counting_resource memory{jemalloc, tracker};
  auto list = fragmented<std::pmr::list<text>>(&memory, 2000);
  tracker.set_limit(tracker.bytes_in_use());
  BOOST_TEST(defragment(list).no_room > 0u);
  BOOST_TEST(asked == 0u);
  BOOST_CHECK_THROW((void)memory.allocate(64), zpmr::limit_exceeded);
  BOOST_TEST(asked == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
