// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <zpmr/export.hpp>

#include "text_file.hpp"

/// \file
/// The format that Linux uses for /proc/meminfo, /proc/self/status and the smaps files alike: lines
/// as "Name:   123 kB".

namespace zpmr::detail {

/// A field, and the sum of its values in bytes.
struct kilobyte_field {
  std::string_view name;                  ///< without the colon
  std::optional<std::size_t> bytes = {};  ///< empty until it was found
  bool malformed = false;  ///< one of its values is not a size, or the sum is too big
};

/// Effects: adds up each of `fields` over the whole file. A field stays empty if it is not there,
/// if any of its values is malformed, or if the file cannot be read to its end: part of a sum would
/// be a wrong figure.
ZPMR_EXPORT void add_up(const file_name& name, std::span<kilobyte_field> fields) noexcept;

}  // namespace zpmr::detail
