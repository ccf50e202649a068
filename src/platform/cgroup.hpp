// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

/// \file
/// What Linux's control groups allow the process, in versions 1 and 2.

namespace zpmr::detail {

/// As the fields of `process_memory`.
struct cgroup_memory {
  std::optional<std::size_t> limit = {};
  std::optional<std::size_t> usage = {};
};

/// Returns: the limit of the groups around the process, and what is in use in the one that has it.
/// `root` is "" for the system's own files, or the directory of a copy of them.
[[nodiscard]] cgroup_memory read_cgroup_memory(std::string_view root) noexcept;

}  // namespace zpmr::detail
