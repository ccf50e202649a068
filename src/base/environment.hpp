// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string_view>

#include "base/text.hpp"

/// \file
/// The environment variables that zpmr reads, each once. A value that means nothing is told on
/// stderr, and goes for none.

namespace zpmr::detail {

/// Returns: the value of the variable, empty if it is not set. The C library hides it from a
/// program that runs with more rights than who started it: else that one could have a file
/// overwritten.
inline std::string_view environment(const char* name) noexcept {
#ifdef __GLIBC__
  const char* const value = ::secure_getenv(name);
#else
  const char* const value = std::getenv(name);
#endif
  return value != nullptr ? value : "";
}

/// Effects: appends "name=value" as it fits into one line with more: the first 40 characters of
/// `value`, each that a terminal may not show as it is replaced.
inline void append_variable(text& line, const char* name, std::string_view value) noexcept {
  constexpr std::size_t most = 40;
  line.append("%s=", name);
  for (const char c : value.substr(0, most)) {
    line.append("%c", c >= ' ' && c <= '~' ? c : '?');
  }
  line.append("%s", value.size() > most ? "..." : "");
}

}  // namespace zpmr::detail
