// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE json
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <zpmr/json.hpp>
#include <zpmr/memory_tracker.hpp>

namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using zpmr::memory_tracker;

}  // namespace

BOOST_AUTO_TEST_CASE(a_usage_has_a_key_for_each_member_in_their_order) {
  constexpr zpmr::memory_usage usage{1, 2, 3, 4, 5, 6, 7, 8, 9};
  BOOST_TEST(
      ordered_json(usage).dump() ==
      R"({"bytes_in_use":1,"requested_bytes_in_use":2,"peak_bytes":3,"total_bytes":4,"limit":5,)"
      R"("allocations":6,"deallocations":7,"denied":8,"overdrafts":9})");
}

BOOST_AUTO_TEST_CASE(no_limit_is_null_and_a_limit_of_zero_is_zero) {
  zpmr::memory_usage usage;
  BOOST_TEST(json(usage).at("limit").is_null());
  usage.limit = 0;
  BOOST_TEST(json(usage).at("limit") == 0);
}

BOOST_AUTO_TEST_CASE(what_an_allocator_cannot_tell_is_null) {
  zpmr::allocator_stats stats;
  stats.active = 4096;
  stats.muzzy = 0;
  BOOST_TEST(ordered_json(stats).dump() ==
             R"({"allocated":null,"active":4096,"metadata":null,"resident":null,"mapped":null,)"
             R"("retained":null,"muzzy":0,"small_bin_fragmentation":null})");
}

BOOST_AUTO_TEST_CASE(what_the_system_cannot_tell_is_null) {
  zpmr::process_memory memory;
  memory.resident = 8192;
  const json object = memory;
  BOOST_TEST(object.size() == 10u);
  BOOST_TEST(object.at("resident") == 8192);
  BOOST_TEST(object.at("cgroup_limit").is_null());
}

BOOST_AUTO_TEST_CASE(large_numbers_keep_all_their_digits) {
  zpmr::memory_usage usage;
  usage.total_bytes = SIZE_MAX;
  BOOST_TEST(json::parse(json(usage).dump()).at("total_bytes").get<std::size_t>() == SIZE_MAX);
}

BOOST_AUTO_TEST_CASE(without_trackers_the_tree_is_an_empty_array) {
  BOOST_TEST(json(zpmr::tree_snapshot{}).dump() == "[]");
}

BOOST_AUTO_TEST_CASE(the_tree_nests_as_the_trackers_do) {
  memory_tracker first{"first"};
  memory_tracker a{"a", first};
  memory_tracker aa{"aa", a};
  memory_tracker b{"b", first};
  memory_tracker second{"second"};
  aa.charge(100);
  const json tree = zpmr::tree_snapshot{};
  BOOST_REQUIRE(tree.size() == 2u);
  BOOST_TEST(tree[1].at("name") == "second");
  BOOST_TEST(tree[1].at("children").dump() == "[]");
  const json& children = tree[0].at("children");
  BOOST_REQUIRE(children.size() == 2u);
  BOOST_TEST(children[0].at("name") == "a");
  BOOST_TEST(children[0].at("children")[0].at("name") == "aa");
  BOOST_TEST(children[0].at("children")[0].at("usage").at("bytes_in_use") == 100);
  BOOST_TEST(children[1].at("name") == "b");
  BOOST_TEST(tree[0].at("usage").at("bytes_in_use") == 100);
  aa.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_name_of_any_bytes_can_be_written_and_read_again) {
  const memory_tracker tracker{"\"quoted\\\n\xff\""};
  const std::string text = json(zpmr::tree_snapshot{}).dump();
  BOOST_TEST(json::parse(text)[0].at("name") == "\"quoted\\\n\xef\xbf\xbd\"");
}
