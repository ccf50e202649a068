// SPDX-License-Identifier: MIT
#include "process_memory.hpp"

// For systems of which nothing more is known than what POSIX has.

namespace zpmr::detail {

process_memory read_process_memory() noexcept {
  return {};
}

}  // namespace zpmr::detail
