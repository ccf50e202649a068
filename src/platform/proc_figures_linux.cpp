// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>

#include "kilobyte_fields.hpp"
#include "proc_figures.hpp"
#include "text_file.hpp"

namespace zpmr::detail {

std::optional<long long> read_stat_field(int number) noexcept {
  text_file file(file_name("/proc/self/stat"));
  std::optional<std::string_view> line = file.next_line();
  // The name of the program, the second field, may have spaces and parentheses in it.
  constexpr int first = 3;
  if (!line || line->rfind(')') == std::string_view::npos) return std::nullopt;
  line->remove_prefix(line->rfind(')') + 1);
  std::string_view value = take_until(' ', *line);
  for (int i = first; i <= number; ++i) value = take_until(' ', *line);

  long long result = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, result);
  return error == std::errc() && stop == end ? std::optional(result) : std::nullopt;
}

std::optional<std::size_t> read_smaps_field_of(long process, std::string_view name) noexcept {
  if (name.ends_with(':')) name.remove_suffix(1);
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), process).ptr;
  const std::string_view number(digits.data(), static_cast<std::size_t>(end - digits.data()));
  std::array<kilobyte_field, 1> field{{{name}}};
  add_up(file_name("/proc/", number, "/smaps"), field);
  return field[0].bytes;
}

}  // namespace zpmr::detail
