// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <zpmr/process_memory.hpp>

/// \file
/// Linux's figures, from the files below a directory: "" for the system's own, or that of a copy.

namespace zpmr::detail {

/// Returns: as `read_process_memory`.
[[nodiscard]] process_memory read_process_memory(std::string_view root) noexcept;

/// Returns: as `read_smaps_field`.
[[nodiscard]] std::optional<std::size_t> read_smaps_field(std::string_view root,
                                                          std::string_view name) noexcept;

}  // namespace zpmr::detail
