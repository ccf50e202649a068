// SPDX-License-Identifier: MIT
#include "proc_figures.hpp"

namespace zpmr::detail {

std::optional<long long> read_stat_field(int) noexcept {
  return std::nullopt;
}

std::optional<std::size_t> read_smaps_field_of(long, std::string_view) noexcept {
  return std::nullopt;
}

}  // namespace zpmr::detail
