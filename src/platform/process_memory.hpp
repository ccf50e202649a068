// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <zpmr/process_memory.hpp>

/// \file
/// The part of a sample of the process's memory that differs by system. Each system has a source
/// file of its own, process_memory_<system>.cpp.

namespace zpmr::detail {

/// Returns: the fields that this system knows, except those that POSIX has for all.
[[nodiscard]] process_memory read_process_memory() noexcept;

/// Returns: as `zpmr::smaps_field`; empty on all systems but Linux.
[[nodiscard]] std::optional<std::size_t> read_smaps_field(std::string_view name) noexcept;

/// Returns: the peak that the system tells, raised to what is resident: the peak is often noted
/// only now and then.
[[nodiscard]] inline std::optional<std::size_t> peak_with(
    std::optional<std::size_t> peak, std::optional<std::size_t> resident) noexcept {
  return peak ? std::max(peak, resident) : peak;
}

}  // namespace zpmr::detail
