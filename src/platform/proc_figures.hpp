// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

/// \file
/// What Redis reads from Linux's `/proc`. Empty where it cannot be read, and on other systems.

namespace zpmr::detail {

/// Returns: the field of `/proc/self/stat` with that number, as proc(5) counts, if it is a number.
[[nodiscard]] std::optional<long long> read_stat_field(int number) noexcept;

/// Returns: the sum of a field of the smaps file over all mappings of another process, in bytes.
/// A colon after the name may stay.
[[nodiscard]] std::optional<std::size_t> read_smaps_field_of(long process,
                                                             std::string_view name) noexcept;

}  // namespace zpmr::detail
