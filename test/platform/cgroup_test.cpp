// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE cgroup
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "support/cgroups.hpp"
#include "support/file_tree.hpp"
#include "support/recorded.hpp"

namespace {

using zpmr::test::check_cgroup;
using zpmr::test::file_tree;
using zpmr::test::mounted_v2;
using zpmr::test::recorded;
using zpmr::test::v2_tree;

constexpr std::size_t mebibyte = 1 << 20;

constexpr std::string_view mounted_v1 = "30 23 0:26 / /cg rw - cgroup cgroup rw,memory\n";

/// A process in the group "/a/b" of version 1, with no limit yet.
struct v1_tree : file_tree {
  v1_tree()
      : file_tree{{"proc/self/cgroup", "3:cpu,memory:/a/b\n0::/\n"},
                  {"proc/self/mountinfo", mounted_v1},
                  {"cg/a/b/memory.limit_in_bytes", "9223372036854771712\n"},
                  {"cg/a/b/memory.usage_in_bytes", "77\n"}} {}
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_bare_host_has_no_limit) {
  check_cgroup(recorded("bare_host_hybrid"), std::nullopt, 611237888);
}

BOOST_AUTO_TEST_CASE(docker_mounts_the_containers_group_alone) {
  check_cgroup(recorded("docker_v1"), 512 * mebibyte, 64 * mebibyte);
  check_cgroup(recorded("docker_v2"), 512 * mebibyte, 64 * mebibyte);
}

BOOST_AUTO_TEST_CASE(a_limit_of_a_slice_above_holds_for_its_services) {
  check_cgroup(recorded("systemd_v2"), 1024 * mebibyte, 500000000);
}

BOOST_AUTO_TEST_CASE(a_limit_of_a_pod_holds_for_its_containers) {
  check_cgroup(recorded("kubernetes_v2_host_namespace"), 768 * mebibyte, 300000000);
}

BOOST_AUTO_TEST_CASE(version_1_tells_of_limits_beyond_what_is_mounted) {
  check_cgroup(recorded("kubernetes_v1"), 768 * mebibyte, 128 * mebibyte);
}

BOOST_AUTO_TEST_CASE(a_group_mounted_over_the_hierarchy_stands_for_its_top) {
  check_cgroup(recorded("bind_mount_v1"), 256 * mebibyte, 2113536);
}

BOOST_AUTO_TEST_CASE(a_mount_from_above_a_namespace_bounds_what_is_in_it) {
  check_cgroup(recorded("namespace_in_bind_mount_v1"), 256 * mebibyte, 2113536);
}

BOOST_AUTO_TEST_CASE(without_any_files_nothing_is_known) {
  check_cgroup(file_tree{}.root(), std::nullopt, std::nullopt);
  check_cgroup("/no/such/directory", std::nullopt, std::nullopt);
}

BOOST_AUTO_TEST_CASE(the_lesser_of_maximum_and_high_mark_counts) {
  const v2_tree tree;
  tree.write("cg/a/b/memory.max", "1000\n");
  check_cgroup(tree.root(), 1000, 77);
  tree.write("cg/a/b/memory.high", "900\n");
  check_cgroup(tree.root(), 900, 77);
  tree.write("cg/a/b/memory.max", "800\n");
  check_cgroup(tree.root(), 800, 77);
  tree.write("cg/a/b/memory.max", "max\n");
  check_cgroup(tree.root(), 900, 77);
}

BOOST_AUTO_TEST_CASE(a_limit_of_zero_is_a_limit) {
  const v2_tree tree;
  tree.write("cg/a/b/memory.max", "0\n");
  check_cgroup(tree.root(), 0, 77);
}

BOOST_AUTO_TEST_CASE(the_least_limit_comes_with_the_usage_of_its_group) {
  const v2_tree tree;
  tree.write("cg/a/b/memory.max", "1000\n");
  tree.write("cg/a/memory.max", "2000\n");
  tree.write("cg/a/memory.current", "99\n");
  check_cgroup(tree.root(), 1000, 77);
  tree.write("cg/a/memory.max", "500\n");
  check_cgroup(tree.root(), 500, 99);
  tree.write("cg/memory.max", "400\n");  // whose usage is not told
  check_cgroup(tree.root(), 400, std::nullopt);
}

BOOST_AUTO_TEST_CASE(of_equal_limits_the_nearest_to_the_process_counts) {
  const v2_tree tree;
  tree.write("cg/a/b/memory.max", "1000\n");
  tree.write("cg/a/memory.max", "1000\n");
  tree.write("cg/a/memory.current", "99\n");
  check_cgroup(tree.root(), 1000, 77);
}

BOOST_AUTO_TEST_CASE(of_a_group_that_cannot_be_seen_the_next_above_is_taken) {
  const v2_tree tree;
  tree.write("cg/a/memory.max", "500\n");
  tree.write("cg/a/memory.current", "99\n");
  tree.write("proc/self/cgroup", "0::/a/gone (deleted)\n");
  check_cgroup(tree.root(), 500, 99);
  tree.write("proc/self/cgroup", "0::/a/gone/for/ever\n");
  check_cgroup(tree.root(), 500, 99);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_not_known) {
  for (const char* text :
       {"", "\n", "-1\n", "12 kB\n", " 12\n", "0x10\n", "1e9\n", "12", "99999999999999999999999\n",
        "18446744073709551616\n", "maximum\n", "12abc\n", "4096\r\n"}) {
    const v2_tree v2;
    v2.write("cg/a/b/memory.max", text);
    v2.write("cg/a/memory.max", "500\n");
    v2.write("cg/a/memory.current", "99\n");
    BOOST_TEST_CONTEXT("memory.max is \"" << text << '"') {
      check_cgroup(v2.root(), std::nullopt, 77);  // not 500, as it may be less
    }
    v2.write("cg/a/b/memory.max", "100\n");
    v2.write("cg/a/b/memory.high", text);
    BOOST_TEST_CONTEXT("memory.high is \"" << text << '"') {
      check_cgroup(v2.root(), std::nullopt, 77);
    }
    v2.write("cg/a/b/memory.high", "max\n");
    v2.write("cg/a/memory.max", text);
    BOOST_TEST_CONTEXT("memory.max above is \"" << text << '"') {
      check_cgroup(v2.root(), std::nullopt, 77);
    }
    const v1_tree v1;
    v1.write("cg/a/memory.limit_in_bytes", "500\n");
    v1.write("cg/a/b/memory.limit_in_bytes", text);
    BOOST_TEST_CONTEXT("memory.limit_in_bytes is \"" << text << '"') {
      check_cgroup(v1.root(), std::nullopt, 77);
    }
    v1.write("cg/a/memory.limit_in_bytes", "9223372036854771712\n");
    v1.write("cg/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    v1.write("cg/a/b/memory.usage_in_bytes", text);
    BOOST_TEST_CONTEXT("memory.usage_in_bytes is \"" << text << '"') {
      check_cgroup(v1.root(), std::nullopt, std::nullopt);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_too_long_is_not_known_rather_than_cut) {
  const v2_tree tree;
  tree.write("proc/self/cgroup", "0::/" + std::string(3000, 'a') + '\n');
  check_cgroup(tree.root(), std::nullopt, std::nullopt);
}

BOOST_AUTO_TEST_CASE(version_1_writes_no_limit_as_a_number_of_its_own) {
  for (const char* none :
       {"9223372036854771712\n", "9223372036854710272\n",  // pages of 4 and 64 KiB
        "9223372036854775807\n", "18446744073709551615\n"}) {
    const v1_tree tree;
    tree.write("cg/a/b/memory.limit_in_bytes", none);
    check_cgroup(tree.root(), std::nullopt, 77);
  }
  const v1_tree tree;
  tree.write("cg/a/b/memory.limit_in_bytes", "9223372036854000000\n");
  check_cgroup(tree.root(), 9223372036854000000, 77);
}

BOOST_AUTO_TEST_CASE(version_1_is_read_where_the_memory_controller_is_named) {
  const v1_tree tree;
  tree.write("proc/self/cgroup", "4:nomemory,memory2:/no\n3:cpu,memory:/a/b\n");
  tree.write("proc/self/mountinfo",
             std::string(mounted_v1) + "31 23 0:27 / /no rw - cgroup cgroup rw,nomemory,memory2\n");
  check_cgroup(tree.root(), std::nullopt, 77);
}

BOOST_AUTO_TEST_CASE(limits_of_version_1_bind_below_where_the_hierarchy_is_used) {
  const v1_tree tree;
  tree.write("cg/a/memory.limit_in_bytes", "1000\n");
  tree.write("cg/a/memory.usage_in_bytes", "99\n");
  check_cgroup(tree.root(), 1000, 99);  // recent kernels have no other way
  tree.write("cg/a/memory.use_hierarchy", "1\n");
  check_cgroup(tree.root(), 1000, 99);
  tree.write("cg/a/memory.use_hierarchy", "0\n");
  check_cgroup(tree.root(), std::nullopt, 77);
}

BOOST_AUTO_TEST_CASE(the_limit_of_all_above_counts_where_it_is_the_least) {
  const v1_tree tree;
  tree.write("cg/a/b/memory.limit_in_bytes", "2000\n");
  tree.write("cg/a/memory.limit_in_bytes", "1000\n");
  tree.write("cg/a/memory.usage_in_bytes", "99\n");
  tree.write("cg/a/b/memory.stat", "cache 1\nhierarchical_memory_limit 1000\n");
  check_cgroup(tree.root(), 1000, 99);
  tree.write("cg/a/b/memory.stat", "cache 1\nhierarchical_memory_limit 500\n");
  check_cgroup(tree.root(), 500, 77);
  tree.write("cg/a/b/memory.stat", "hierarchical_memory_limit 500 kB\n");
  check_cgroup(tree.root(), std::nullopt, 77);
  tree.write("cg/a/b/memory.stat", "hierarchical_memory_limit 50");  // cut off
  check_cgroup(tree.root(), 1000, 99);
}

BOOST_AUTO_TEST_CASE(version_2_is_read_where_version_1_has_no_memory_controller) {
  const v2_tree tree;
  tree.write("cg/a/b/memory.max", "1000\n");
  tree.write("proc/self/cgroup", "2:cpu:/\n1:name=systemd:/a/b\n0::/a/b\n");
  tree.write("proc/self/mountinfo",
             "29 23 0:25 / /cpu rw - cgroup cgroup rw,cpu\n" + std::string(mounted_v2));
  check_cgroup(tree.root(), 1000, 77);
}
