// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE cgroup_mounts
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "support/cgroups.hpp"
#include "support/file_tree.hpp"

// Where a group is found: what /proc/self/mountinfo says.

namespace {

using zpmr::test::check_cgroup;
using zpmr::test::file_tree;
using zpmr::test::mounted_v2;
using zpmr::test::v2_tree;

}  // namespace

BOOST_AUTO_TEST_CASE(a_group_outside_of_what_is_mounted_is_taken_for_the_mounted_one) {
  const v2_tree tree;
  tree.write("cg/memory.max", "600\n");
  tree.write("cg/memory.current", "66\n");
  tree.write("elsewhere/memory.max", "100\n");
  tree.write("proc/self/cgroup", "0::/../elsewhere\n");
  check_cgroup(tree.root(), 600, 66);
  tree.write("proc/self/cgroup", "0::/a/b\n");
  tree.write("proc/self/mountinfo", "30 23 0:26 /ab /cg rw - cgroup2 cgroup2 rw\n");
  check_cgroup(tree.root(), 600, 66);
  tree.write("proc/self/cgroup", "0::/abc\n");
  check_cgroup(tree.root(), 600, 66);
}

BOOST_AUTO_TEST_CASE(of_several_mounts_the_nearest_to_the_group_is_read) {
  const v2_tree tree;
  tree.write("near/b/memory.max", "400\n");
  const std::string near = "31 23 0:26 /a /near rw shared:3 - cgroup2 cgroup2 rw\n";
  tree.write("proc/self/mountinfo", std::string(mounted_v2) + near);
  check_cgroup(tree.root(), 400, std::nullopt);
  tree.write("proc/self/mountinfo", near + std::string(mounted_v2));
  check_cgroup(tree.root(), 400, std::nullopt);
}

BOOST_AUTO_TEST_CASE(a_mount_that_another_hides_is_not_read) {
  const v2_tree tree;
  tree.write("cg/b/memory.max", "400\n");
  tree.write("cg/a/b/memory.max", "300\n");
  const std::string hidden = "31 23 0:26 /a /cg rw shared:3 - cgroup2 cgroup2 rw\n";
  tree.write("proc/self/mountinfo", hidden + std::string(mounted_v2));
  check_cgroup(tree.root(), 300, 77);
}

BOOST_AUTO_TEST_CASE(names_with_spaces_and_colons_are_found) {
  const file_tree tree{
      {"proc/self/cgroup", "0::/my group:1\n"},
      {"proc/self/mountinfo", "30 23 0:26 / /c\\040\\134g rw - cgroup2 cgroup2 rw\n"},
      {"c \\g/my group:1/memory.max", "1000\n"}};
  check_cgroup(tree.root(), 1000, std::nullopt);
}

BOOST_AUTO_TEST_CASE(a_backslash_without_three_digits_stands_for_itself) {
  const file_tree tree{{"proc/self/cgroup", "0::/a\n"},
                       {"proc/self/mountinfo", "30 23 0:26 / /c\\04 rw - cgroup2 cgroup2 rw\n"},
                       {"c\\04/a/memory.max", "1000\n"}};
  check_cgroup(tree.root(), 1000, std::nullopt);
}

BOOST_AUTO_TEST_CASE(lines_of_any_length_may_stand_around_the_mount) {
  const v2_tree tree;
  tree.write("cg/a/b/memory.max", "1000\n");
  const std::string longest = "1 1 0:1 / / rw - overlay overlay lowerdir=" + std::string(9000, 'x');
  tree.write("proc/self/mountinfo", longest + '\n' + std::string(mounted_v2) + longest + '\n');
  check_cgroup(tree.root(), 1000, 77);
}

BOOST_AUTO_TEST_CASE(malformed_lists_of_groups_and_mounts_are_not_known) {
  for (const char* text : {"", "\n", ":\n", "0\n", "0:\n", "0::\n", "0::a\n", "::/a/b\n", "0::/a/b",
                           "memory:0:/a/b\n", "3:memoryless,nomemory:/a/b\n"}) {
    const v2_tree tree;
    tree.write("proc/self/cgroup", text);
    BOOST_TEST_CONTEXT('"' << text << '"') {
      check_cgroup(tree.root(), std::nullopt, std::nullopt);
    }
  }
  for (const char* text : {"", "\n", " - \n", " - cgroup2\n", "30 23 0:26 / /cg rw cgroup2 rw\n",
                           "30 23 0:26 / /cg rw - tmpfs cgroup2 rw\n", "30 23 0:26 / /cg rw - cgro",
                           "30 23 0:26 / /cg rw - cgroup cgroup rw,memory\n"}) {
    const v2_tree tree;
    tree.write("proc/self/mountinfo", text);
    BOOST_TEST_CONTEXT('"' << text << '"') {
      check_cgroup(tree.root(), std::nullopt, std::nullopt);
    }
  }
}
