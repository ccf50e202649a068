// SPDX-License-Identifier: MIT
#include "kilobyte_fields.hpp"

#include <algorithm>
#include <cstdint>

namespace zpmr::detail {

namespace {

/// Returns: what stands after "name:", in bytes.
std::optional<std::size_t> parse_kilobytes(std::string_view value) noexcept {
  constexpr std::string_view unit = " kB";
  if (!value.ends_with(unit)) return std::nullopt;
  value.remove_suffix(unit.size());
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  const std::optional<std::size_t> kilobytes = parse_number(value);
  if (!kilobytes || *kilobytes > SIZE_MAX / 1024) return std::nullopt;
  return *kilobytes * 1024;
}

void add(kilobyte_field& field, std::string_view value) noexcept {
  const std::optional<std::size_t> bytes = parse_kilobytes(value);
  const std::size_t so_far = field.bytes.value_or(0);
  if (!bytes || *bytes > SIZE_MAX - so_far) {
    field.malformed = true;
  } else {
    field.bytes = so_far + *bytes;
  }
}

}  // namespace

void add_up(const file_name& name, std::span<kilobyte_field> fields) noexcept {
  text_file file(name);
  while (std::optional<std::string_view> line = file.next_line()) {
    for (kilobyte_field& field : fields) {
      if (line->starts_with(field.name) && line->substr(field.name.size()).starts_with(':')) {
        add(field, line->substr(field.name.size() + 1));
      }
    }
  }
  for (kilobyte_field& field : fields) {
    if (field.malformed || !file.at_end()) field.bytes.reset();
  }
}

}  // namespace zpmr::detail
