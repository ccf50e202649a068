// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <zpmr/export.hpp>

/// \file
/// Pieces of a table for a terminal. Text is well-formed UTF-8, and each character of it is taken
/// to be one column wide, as most are.

namespace zpmr::detail {

/// Returns: the columns that `text` takes.
[[nodiscard]] ZPMR_EXPORT std::size_t columns(std::string_view text) noexcept;

/// Returns: `text` with control characters replaced, and its middle by an ellipsis if it takes more
/// than `most` columns. Names tell themselves apart at their ends.
[[nodiscard]] ZPMR_EXPORT std::string shortened(std::string_view text, std::size_t most);

/// Returns: the number with three digits: "1.50", "15.0", "150"; from 1,000 on, all before the
/// point. Preconditions: `number` is not negative.
[[nodiscard]] ZPMR_EXPORT std::string three_digits(double number);

/// Returns: `bytes` with three digits and a binary unit: "1.50 GiB".
[[nodiscard]] ZPMR_EXPORT std::string rounded_size(std::size_t bytes);

/// Returns: a bar of at most `width` columns, in steps of an eighth of one. What is above 0 shows.
[[nodiscard]] std::string bar(double share, std::size_t width);

}  // namespace zpmr::detail
