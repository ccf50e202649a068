// SPDX-License-Identifier: MIT
#include "process_memory.hpp"

// For all systems but Linux.

namespace zpmr::detail {

std::optional<std::size_t> read_smaps_field(std::string_view) noexcept {
  return std::nullopt;
}

}  // namespace zpmr::detail
