// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tree_snapshot
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/tree_snapshot.hpp>

#include "reports/utf8.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::tracker_record;
using zpmr::tree_snapshot;

/// Returns: the tree as "root(child(grandchild)child)".
std::string shape_of(const tree_snapshot& tree) {
  std::string shape;
  std::size_t depth = 0;
  for (const tracker_record& record : tree.records()) {
    for (; depth < record.depth; ++depth) shape += '(';
    for (; depth > record.depth; --depth) shape += ')';
    shape += '[';
    shape += record.name;
    shape += ']';
  }
  return shape + std::string(depth, ')');
}

std::string name_in_snapshot(std::string_view name) {
  const memory_tracker tracker{name};
  return std::string{tree_snapshot{}.records()[0].name};
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_trackers_it_is_empty) {
  BOOST_TEST(tree_snapshot{}.records().empty());
}

BOOST_AUTO_TEST_CASE(trackers_come_before_their_children_in_the_order_they_were_made) {
  memory_tracker first{"first"};
  memory_tracker second{"second"};
  memory_tracker a{"a", first};
  memory_tracker b{"b", first};
  memory_tracker aa{"aa", a};
  BOOST_TEST(shape_of(tree_snapshot{}) == "[first]([a]([aa])[b])[second]");
}

BOOST_AUTO_TEST_CASE(each_record_has_the_figures_of_its_tracker) {
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  root.charge_block(100, 90);
  leaf.charge_block(1000, 900);
  const tree_snapshot tree;
  BOOST_REQUIRE(tree.records().size() == 2u);
  BOOST_TEST((tree.records()[0].usage == root.snapshot()));
  BOOST_TEST((tree.records()[1].usage == leaf.snapshot()));
  BOOST_TEST(tree.records()[0].usage.bytes_in_use == 1100u);
  leaf.uncharge_block(1000, 900);
  root.uncharge_block(100, 90);
}

BOOST_AUTO_TEST_CASE(it_outlives_the_trackers_and_a_move) {
  tree_snapshot tree;
  {
    memory_tracker root{"a name that is gone when the snapshot is read"};
    memory_tracker child{"c", root};
    tree = tree_snapshot{};
  }
  const tree_snapshot moved = std::move(tree);
  BOOST_TEST(shape_of(moved) == "[a name that is gone when the snapshot is read]([c])");
}

BOOST_AUTO_TEST_CASE(a_name_becomes_utf8) {
  BOOST_TEST(name_in_snapshot("") == "");
  BOOST_TEST(name_in_snapshot("plain") == "plain");
  BOOST_TEST(name_in_snapshot("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80") ==
             "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
  BOOST_TEST(name_in_snapshot("a\xff"
                              "b") ==
             "a\xef\xbf\xbd"
             "b");
  BOOST_TEST(name_in_snapshot(std::string(100, '\xff')).size() == 300u);
}

BOOST_AUTO_TEST_CASE(only_well_formed_characters_have_a_length) {
  using zpmr::detail::character_length;
  BOOST_TEST(character_length(std::string_view{"\0", 1}) == 1u);
  BOOST_TEST(character_length("\xc3\xa4x") == 2u);
  BOOST_TEST(character_length("\xed\x9f\xbf") == 3u);
  BOOST_TEST(character_length("\xf4\x8f\xbf\xbf") == 4u);
  for (const std::string_view bad :
       {"", "\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3x", "\xe0\x9f\xbf", "\xe2\x82",
        "\xe2\x82x", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff"}) {
    BOOST_TEST(character_length(bad) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(taking_one_changes_no_tracker) {
  memory_tracker root{"root"};
  root.charge(1000);
  const zpmr::memory_usage before = root.snapshot();
  const tree_snapshot tree;
  BOOST_TEST((root.snapshot() == before));
  BOOST_TEST((tree.records()[0].usage == before));
  root.uncharge(1000);
}

BOOST_AUTO_TEST_CASE(it_can_be_taken_while_trackers_come_and_go) {
  memory_tracker root{"root"};
  std::atomic<bool> done{false};
  std::jthread maker{[&] {
    for (int i = 0; i < 300; ++i) {
      std::vector<std::unique_ptr<memory_tracker>> children;
      for (int n = 0; n < 30; ++n) {
        children.push_back(std::make_unique<memory_tracker>("child", root));
      }
    }
    done = true;
  }};
  do {
    const tree_snapshot tree;
    BOOST_REQUIRE(!tree.records().empty());
    BOOST_REQUIRE(tree.records()[0].name == "root");
    for (const tracker_record& record : tree.records().subspan(1)) {
      BOOST_REQUIRE(record.name == "child");
      BOOST_REQUIRE(record.depth == 1u);
    }
  } while (!done);
}
