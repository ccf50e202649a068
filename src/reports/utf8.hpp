// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

/// \file
/// Names are any bytes; terminals, JSON and Prometheus take UTF-8 only.

namespace zpmr::detail {

inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";  // U+FFFD

/// Returns: the bytes of the well-formed character that `text` starts with; 0 if there is none.
/// Table 3-7 of the Unicode standard: overlong forms, surrogates and what is beyond U+10FFFF are
/// told by the range of the second byte.
constexpr std::size_t character_length(std::string_view text) noexcept {
  struct form {
    unsigned char first_low, first_high, second_low, second_high;
    std::size_t length;
  };
  constexpr std::array<form, 9> forms{{{0x00, 0x7f, 0, 0, 1},
                                       {0xc2, 0xdf, 0x80, 0xbf, 2},
                                       {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                       {0xe1, 0xec, 0x80, 0xbf, 3},
                                       {0xed, 0xed, 0x80, 0x9f, 3},
                                       {0xee, 0xef, 0x80, 0xbf, 3},
                                       {0xf0, 0xf0, 0x90, 0xbf, 4},
                                       {0xf1, 0xf3, 0x80, 0xbf, 4},
                                       {0xf4, 0xf4, 0x80, 0x8f, 4}}};
  const auto in_range = [&](std::size_t at, unsigned char low, unsigned char high) {
    const auto byte = static_cast<unsigned char>(text[at]);
    return low <= byte && byte <= high;
  };
  if (text.empty()) return 0;
  for (const form& each : forms) {
    if (!in_range(0, each.first_low, each.first_high)) continue;
    if (text.size() < each.length) return 0;
    if (each.length > 1 && !in_range(1, each.second_low, each.second_high)) return 0;
    for (std::size_t i = 2; i < each.length; ++i) {
      if (!in_range(i, 0x80, 0xbf)) return 0;
    }
    return each.length;
  }
  return 0;
}

/// Effects: calls `f(std::string_view)` with each character of `text`, and with U+FFFD for each
/// byte that is part of none.
template <class F>
void for_each_character(std::string_view text, F f) {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    f(length > 0 ? text.substr(0, length) : replacement_character);
    text.remove_prefix(length > 0 ? length : 1);
  }
}

}  // namespace zpmr::detail
