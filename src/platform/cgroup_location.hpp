// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "text_file.hpp"

namespace zpmr::detail {

enum class cgroup_version { v1, v2 };

/// Where the group of the process can be seen.
struct cgroup_location {
  file_name group;       ///< its directory, or what would be its directory
  std::size_t top_size;  ///< the characters of `group` that are the directory of the topmost group

  [[nodiscard]] std::string_view top() const noexcept { return group.view().substr(0, top_size); }
};

/// Returns: the place of the process's group in the hierarchy of this version that accounts for
/// memory; empty where there is none, or it is not mounted.
///
/// `/proc/self/cgroup` names the group as seen from the root of the hierarchy, or of the process's
/// cgroup namespace. `/proc/self/mountinfo` says which part of the hierarchy is mounted where. A
/// container often has only its own group mounted, while the name still is the host's: what is
/// mounted is taken off the name. If the name does not lie in what is mounted, the topmost group of
/// the mount stands for it, as container runtimes mount the container's own.
[[nodiscard]] std::optional<cgroup_location> find_cgroup(std::string_view root,
                                                         cgroup_version version) noexcept;

}  // namespace zpmr::detail
