// SPDX-License-Identifier: MIT
#include "cgroup.hpp"

#include <algorithm>
#include <cstdint>

#include "cgroup_location.hpp"

namespace zpmr::detail {

namespace {

using bytes = std::optional<std::size_t>;

bytes read_number_in(const file_name& group, std::string_view file) noexcept {
  return read_number(file_name(group.view(), "/", file));
}

// A limit, which is not the same as one that is not known: that one is empty.
constexpr std::size_t unlimited = SIZE_MAX;

/// Returns: what the file tells; `unlimited` where it is not there.
bytes read_limit(const file_name& group, std::string_view name) noexcept {
  text_file file(file_name(group.view(), "/", name));
  const std::optional<std::string_view> line = file.next_line();
  if (!line) return file.at_end() ? std::nullopt : bytes(unlimited);
  return *line == "max" ? unlimited : parse_number(*line);
}

bytes lesser(bytes one, bytes other) noexcept {
  return one && other ? bytes(std::min(*one, *other)) : std::nullopt;
}

/// Version 1 writes "no limit" as the most pages that a counter can hold, in bytes; which number
/// that is depends on the size of a page, which is 64 KiB at most, and on the age of the kernel.
bytes limit_of_v1(bytes told) noexcept {
  constexpr std::size_t most_pages = INT64_MAX - 64 * 1024 + 1;
  return told && *told >= most_pages ? unlimited : told;
}

/// What a group says of itself.
struct figures_v1 {
  static bytes limit(const file_name& group) noexcept {
    return limit_of_v1(read_limit(group, "memory.limit_in_bytes"));
  }
  static bytes usage(const file_name& group) noexcept {
    return read_number_in(group, "memory.usage_in_bytes");
  }
  /// Returns: whether the limits of `group` bind the groups in it. Only old kernels let one choose.
  static bool binds_below(const file_name& group) noexcept {
    return read_number_in(group, "memory.use_hierarchy") != std::size_t{0};
  }
  /// Returns: the least limit up to the root of the hierarchy, also beyond what is mounted.
  static bytes limit_of_all_above(const file_name& group) noexcept {
    text_file file(file_name(group.view(), "/memory.stat"));
    while (std::optional<std::string_view> line = file.next_line()) {
      if (take_until(' ', *line) == "hierarchical_memory_limit") {
        return limit_of_v1(parse_number(*line));
      }
    }
    return unlimited;
  }
};

struct figures_v2 {
  /// Both are told as "max" where there is none. Above `memory.high` the system does not refuse
  /// memory, but slows the process down to a crawl: no more of it is of use than up to there.
  static bytes limit(const file_name& group) noexcept {
    return lesser(read_limit(group, "memory.max"), read_limit(group, "memory.high"));
  }
  static bytes usage(const file_name& group) noexcept {
    return read_number_in(group, "memory.current");
  }
  static bool binds_below(const file_name&) noexcept { return true; }
  static bytes limit_of_all_above(const file_name&) noexcept { return unlimited; }
};

/// Returns: the figures of the group with the least limit, from the process's own to the topmost
/// that can be seen. A group that cannot be seen, or has been removed, has no files, and counts as
/// having no limit; the next above stands for the process's own. Where one limit is not known, the
/// least is not.
template <class Figures>
cgroup_memory read_path(cgroup_location at) noexcept {
  cgroup_memory least{.limit = unlimited};
  // The limit of a group beyond what is mounted, and the usage of the own.
  cgroup_memory unseen{.limit = unlimited};
  for (;;) {
    const cgroup_memory here{Figures::limit(at.group), Figures::usage(at.group)};
    if (least.limit && (!here.limit || *here.limit < *least.limit)) least = here;
    if (!unseen.usage) unseen.usage = here.usage;
    unseen.limit = lesser(unseen.limit, Figures::limit_of_all_above(at.group));
    if (at.group.view().size() <= at.top_size) break;
    at.group.drop_last_component();
    if (!Figures::binds_below(at.group)) break;
  }
  const bytes limit = lesser(least.limit, unseen.limit);
  if (!limit || *limit == unlimited) return {.usage = unseen.usage};
  return limit == least.limit ? least : unseen;
}

template <class Figures>
cgroup_memory read_version(std::string_view root, cgroup_version version) noexcept {
  const std::optional<cgroup_location> at = find_cgroup(root, version);
  return at ? read_path<Figures>(*at) : cgroup_memory();
}

}  // namespace

cgroup_memory read_cgroup_memory(std::string_view root) noexcept {
  // Where both versions are mounted, one of them has the memory controller.
  const cgroup_memory v1 = read_version<figures_v1>(root, cgroup_version::v1);
  return v1.limit || v1.usage ? v1 : read_version<figures_v2>(root, cgroup_version::v2);
}

}  // namespace zpmr::detail
