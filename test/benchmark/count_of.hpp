// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <string_view>

namespace zpmr::bench {

/// Returns: the number that `text` is, all of it, from 1 to 1,000,000; else 0.
inline int count_of(std::string_view text) {
  int count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  const bool good = error == std::errc() && stop == end && count > 0 && count <= 1'000'000;
  return good ? count : 0;
}

}  // namespace zpmr::bench
