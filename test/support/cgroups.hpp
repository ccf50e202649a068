// SPDX-License-Identifier: MIT
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "platform/cgroup.hpp"
#include "support/file_tree.hpp"

/// \file
/// Control groups that are made up, and what is found of them.

namespace zpmr::test {

/// Effects: checks what the process has for a limit, and used of it, under that root.
inline void check_cgroup(const std::string& root, std::optional<std::size_t> limit,
                         std::optional<std::size_t> usage) {
  const auto found = detail::read_cgroup_memory(root);
  BOOST_TEST((found.limit == limit), "limit " << found.limit.value_or(0));
  BOOST_TEST((found.usage == usage), "usage " << found.usage.value_or(0));
}

inline constexpr std::string_view mounted_v2 = "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n";

/// A process in the group "/a/b" of version 2, with no limit yet.
struct v2_tree : file_tree {
  v2_tree()
      : file_tree{{"proc/self/cgroup", "0::/a/b\n"},
                  {"proc/self/mountinfo", mounted_v2},
                  {"cg/a/b/memory.max", "max\n"},
                  {"cg/a/b/memory.current", "77\n"}} {}
};

}  // namespace zpmr::test
