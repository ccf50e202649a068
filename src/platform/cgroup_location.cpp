// SPDX-License-Identifier: MIT
#include "cgroup_location.hpp"

namespace zpmr::detail {

namespace {

bool has_memory(std::string_view comma_separated) noexcept {
  while (!comma_separated.empty()) {
    if (take_until(',', comma_separated) == "memory") return true;
  }
  return false;
}

/// Returns: the name of the process's group, from the lines "number:controllers:name". Version 2
/// has the number 0 and no controllers.
std::optional<file_name> name_of_group(std::string_view root, cgroup_version version) noexcept {
  text_file file(file_name(root, "/proc/self/cgroup"));
  while (std::optional<std::string_view> line = file.next_line()) {
    const std::string_view number = take_until(':', *line);
    const std::string_view controllers = take_until(':', *line);
    const bool matches = version == cgroup_version::v2 ? number == "0" && controllers.empty()
                                                       : has_memory(controllers);
    if (matches && line->starts_with('/')) return file_name(*line);
  }
  return std::nullopt;
}

bool is_octal(std::string_view digits) noexcept {
  return digits.size() == 3 && digits.find_first_not_of("01234567") == std::string_view::npos;
}

/// Returns: `text` with "\040" for a space, as the kernel writes it in mountinfo, undone.
file_name unescaped(std::string_view text) noexcept {
  file_name name;
  while (!text.empty()) {
    const std::string_view digits = text.substr(1, 3);
    if (text.front() == '\\' && is_octal(digits)) {
      const char character =
          static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
      name.append({&character, 1});
      text.remove_prefix(4);
    } else {
      name.append(text.substr(0, 1));
      text.remove_prefix(1);
    }
  }
  return name;
}

struct mount {
  file_name root;   ///< the group that is mounted
  file_name point;  ///< where
};

/// Returns: the mount that a line of mountinfo tells of, if it is one of this kind: "id parent
/// device root point options [optional fields] - type source super-options".
std::optional<mount> parse_mount(std::string_view line, cgroup_version version) noexcept {
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return std::nullopt;
  std::string_view of_system = line.substr(separator + 3);
  const std::string_view type = take_until(' ', of_system);
  take_until(' ', of_system);
  const bool matches =
      version == cgroup_version::v2 ? type == "cgroup2" : type == "cgroup" && has_memory(of_system);
  if (!matches) return std::nullopt;
  for (int i = 0; i < 3; ++i) take_until(' ', line);
  const std::string_view root = take_until(' ', line);
  const std::string_view point = take_until(' ', line);
  return mount{unescaped(root), unescaped(point)};
}

bool leads_up(std::string_view group) noexcept {
  while (!group.empty()) {
    if (take_until('/', group) == "..") return true;
  }
  return false;
}

/// Returns: the part of `group` below `top`; empty if it does not lie there.
std::optional<std::string_view> below(std::string_view group, std::string_view top) noexcept {
  if (group == "/") group = {};
  if (top == "/") top = {};
  if (!group.starts_with(top) || leads_up(group)) return std::nullopt;
  const std::string_view rest = group.substr(top.size());
  return rest.empty() || rest.starts_with('/') ? std::optional(rest) : std::nullopt;
}

}  // namespace

std::optional<cgroup_location> find_cgroup(std::string_view root, cgroup_version version) noexcept {
  const std::optional<file_name> group = name_of_group(root, version);
  if (!group) return std::nullopt;
  std::optional<cgroup_location> found;
  std::size_t taken_off = 0;  // the most, as that is the mount which is nearest to the group
  text_file file(file_name(root, "/proc/self/mountinfo"));
  while (std::optional<std::string_view> line = file.next_line()) {
    const std::optional<mount> here = parse_mount(*line, version);
    if (!here) continue;
    const std::optional<std::string_view> rest = below(group->view(), here->root.view());
    const std::size_t here_taken_off = rest ? here->root.view().size() : 0;
    const file_name top(root, here->point.view());
    const bool hides_found = found && found->top() == top.view();
    if (found && !hides_found && here_taken_off < taken_off) continue;
    found = cgroup_location{file_name(top.view(), rest.value_or("")), top.view().size()};
    taken_off = here_taken_off;
  }
  return found;
}

}  // namespace zpmr::detail
