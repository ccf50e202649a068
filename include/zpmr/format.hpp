// SPDX-License-Identifier: MIT
#pragma once

#include <version>
#include <zpmr/detail/line.hpp>

/// \file
/// `std::format` for the structs of figures: the same line as `operator<<` writes. Width, fill and
/// alignment apply to the whole, as for a string. It is there where the standard library says that
/// it has `std::format` (`__cpp_lib_format`): that of g++ 13 and up, and libc++ 19 and up. That of
/// g++ 12 has none, and with it this header adds nothing.
///
/// Thread safety: a formatter is a plain value.
///
/// \snippet print_the_figures.cpp format

#if defined(__cpp_lib_format)

#include <format>

template <zpmr::detail::printed_as_line Facts>
struct std::formatter<Facts> : std::formatter<std::string_view> {
  template <class Context>
  auto format(const Facts& facts, Context& context) const {
    return std::formatter<std::string_view>::format(zpmr::detail::line_of(facts).view(), context);
  }
};

static_assert(std::is_default_constructible_v<std::formatter<zpmr::memory_usage>>);

#endif
