// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

/// \file
/// How the library speaks of faults: one line on stderr, written at once and without allocating, as
/// the fault may lie in an allocator.

namespace zpmr::detail {

/// Effects: writes "zpmr: ", the text and a newline to stderr; text beyond 500 characters is cut.
[[gnu::format(printf, 1, 0)]] inline void vcomplain(const char* format,
                                                    std::va_list values) noexcept {
  char line[512] = "zpmr: ";
  constexpr std::size_t prefix = 6;
  const int wanted = std::vsnprintf(line + prefix, sizeof line - prefix - 1, format, values);
  const auto length =
      static_cast<std::size_t>(std::clamp(wanted, 0, static_cast<int>(sizeof line - prefix - 2)));
  line[prefix + length] = '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line, prefix + length + 1);
}

/// Effects: as `vcomplain`. For faults that the program survives.
[[gnu::cold, gnu::format(printf, 1, 2)]] inline void complain(const char* format, ...) noexcept {
  std::va_list values;
  va_start(values, format);
  vcomplain(format, values);
  va_end(values);
}

/// Effects: as `vcomplain`, then aborts.
[[noreturn, gnu::cold, gnu::format(printf, 1, 2)]] inline void fail(const char* format,
                                                                    ...) noexcept {
  std::va_list values;
  va_start(values, format);
  vcomplain(format, values);
  va_end(values);
  std::abort();
}

}  // namespace zpmr::detail

/// States a precondition. Checked builds stop with "zpmr: <message> (<function>)" where it does not
/// hold; in others the condition is compiled and never evaluated.
#if ZPMR_CHECKED
#define ZPMR_EXPECTS(condition, message) \
  ((condition) ? static_cast<void>(0)    \
               : ::zpmr::detail::fail("%s (%s)", message, __PRETTY_FUNCTION__))
#else
#define ZPMR_EXPECTS(condition, message) static_cast<void>(sizeof((condition) ? 1 : 0))
#endif
