// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_visits
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <vector>
#include <zpmr/memory_tracker.hpp>

#include "support/threads.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::memory_usage;
using names = std::vector<std::string>;

names children_of(const memory_tracker& tracker) {
  names found;
  tracker.for_each_child([&](const memory_tracker& child) { found.emplace_back(child.name()); });
  return found;
}

names root_names() {
  names found;
  zpmr::for_each_tracker([&](const memory_tracker& root) { found.emplace_back(root.name()); });
  return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(children_are_visited_in_the_order_in_which_they_were_made) {
  memory_tracker root{"root"};
  BOOST_TEST(children_of(root).empty());
  memory_tracker first{"first", root};
  std::optional<memory_tracker> second{std::in_place, "second", root};
  const memory_tracker grandchild{"grandchild", first};
  std::optional<memory_tracker> third{std::in_place, "third", root};
  BOOST_TEST((children_of(root) == names{"first", "second", "third"}));
  BOOST_TEST((children_of(first) == names{"grandchild"}));
  second.reset();
  BOOST_TEST((children_of(root) == names{"first", "third"}));
  second.emplace("fourth", root);
  BOOST_TEST((children_of(root) == names{"first", "third", "fourth"}));
  third.reset();
  second.reset();
  BOOST_TEST((children_of(root) == names{"first"}));
}

BOOST_AUTO_TEST_CASE(roots_are_visited_in_the_order_in_which_they_were_made) {
  const names before = root_names();
  const auto after_those_before = [&](names added) {
    names expected = before;
    expected.insert(expected.end(), added.begin(), added.end());
    return expected;
  };
  std::optional<memory_tracker> first{std::in_place, "first"};
  memory_tracker second{"second"};
  const memory_tracker child{"a child is no root", second};
  BOOST_TEST((root_names() == after_those_before({"first", "second"})));
  first.reset();
  BOOST_TEST((root_names() == after_those_before({"second"})));
  first.emplace("first again");
  BOOST_TEST((root_names() == after_those_before({"second", "first again"})));
}

BOOST_AUTO_TEST_CASE(visits_nest) {
  memory_tracker root{"nesting root"};
  const memory_tracker child{"child", root};
  const memory_tracker sibling{"sibling", root};
  names found;
  zpmr::for_each_tracker([&](const memory_tracker& tracker) {
    if (&tracker != &root) return;
    tracker.for_each_child([&](const memory_tracker& visited) {
      found.emplace_back(visited.name());
      BOOST_TEST(visited.snapshot() == memory_usage{});
      BOOST_TEST(root_names().size() >= 1u);
    });
  });
  BOOST_TEST((found == names{"child", "sibling"}));
}

BOOST_AUTO_TEST_CASE(an_exception_ends_a_visit_and_leaves_no_lock) {
  memory_tracker root{"root"};
  const memory_tracker child{"child", root};
  BOOST_CHECK_THROW(root.for_each_child([](const memory_tracker&) { throw 1; }), int);
  const memory_tracker another{"made after it", root};  // needs the lock for itself
  BOOST_TEST((children_of(root) == names{"child", "made after it"}));
}

BOOST_AUTO_TEST_CASE(several_threads_visit_nested_while_others_make_and_destroy_trackers) {
  memory_tracker root{"root"};
  const memory_tracker lasting{"lasting", root};
  std::atomic<unsigned> missed{0};
  zpmr::test::run_together(6, [&](unsigned index) {
    for (int round = 0; round < 200; ++round) {
      if (index < 3) {
        bool found = false;
        zpmr::for_each_tracker([&](const memory_tracker& tracker) {
          if (&tracker != &root) return;
          tracker.for_each_child([&](const memory_tracker& child) {
            found = found || &child == &lasting;
            (void)child.snapshot();
          });
        });
        if (!found) ++missed;
      } else {
        memory_tracker child{"passing", root};
        memory_tracker grandchild{"passing too", child};
        memory_tracker other_root{"passing root"};
        grandchild.charge(10);
        grandchild.uncharge(10);
      }
    }
  });
  BOOST_TEST(missed == 0u);
  BOOST_TEST((children_of(root) == names{"lasting"}));
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.snapshot().total_bytes == 3u * 200 * 10);
}
