// SPDX-License-Identifier: MIT
#include "reports/terminal_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"
#include "reports/utf8.hpp"

namespace zpmr::detail {

namespace {

/// U+0000 to U+001F, U+007F, and U+0080 to U+009F, which some terminals obey too.
bool is_control(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

std::size_t columns(std::string_view text) noexcept {
  std::size_t count = 0;
  for_each_character(text, [&](std::string_view) { ++count; });
  return count;
}

std::string shortened(std::string_view text, std::size_t most) {
  const std::size_t wanted = columns(text);
  const std::size_t kept = most - 1;  // one is for the ellipsis
  const std::size_t head = wanted > most ? (kept + 1) / 2 : wanted;
  const std::size_t tail = wanted > most ? wanted - kept / 2 : wanted;
  std::string result;
  std::size_t position = 0;
  for_each_character(text, [&](std::string_view character) {
    if (position < head || position >= tail) {
      result += is_control(character) ? replacement_character : character;
    } else if (position == head) {
      result += "…";
    }
    ++position;
  });
  return result;
}

std::string three_digits(double number) {
  std::array<char, 320> storage;  // the largest double has 309 digits
  text result{storage};
  result.append("%.*f", number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2, number);
  return std::string{result.view()};
}

std::string rounded_size(std::size_t bytes) {
  constexpr std::array<const char*, 7> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= 999.5) {  // what would round to four digits
    size /= 1024;
    ++unit;
  }
  return (unit == 0 ? std::to_string(bytes) : three_digits(size)) + ' ' + units[unit];
}

std::string bar(double share, std::size_t width) {
  constexpr std::array<std::string_view, 8> parts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double eighths = std::clamp(share, 0.0, 1.0) * 8 * static_cast<double>(width);
  const auto steps = static_cast<std::size_t>(share > 0 ? std::max(1.0, std::floor(eighths)) : 0);
  std::string result;
  for (std::size_t i = 0; i < steps / 8; ++i) result += "█";
  return result += parts[steps % 8];
}

}  // namespace zpmr::detail
