// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <zpmr/fragmentation.hpp>

namespace zpmr::detail {

/// Returns: how much `above` is above `below`; empty where one is not known, or `below` is 0.
[[nodiscard]] inline std::optional<overhead> compare(std::optional<std::size_t> above,
                                                     std::optional<std::size_t> below) noexcept {
  if (!above || !below || *below == 0) return std::nullopt;
  return overhead{.ratio = static_cast<double>(*above) / static_cast<double>(*below),
                  .bytes = static_cast<std::ptrdiff_t>(*above - *below)};
}

}  // namespace zpmr::detail
