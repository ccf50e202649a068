// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <zpmr/fragmentation.hpp>

namespace zpmr::detail {

using figure = std::optional<std::size_t>;

/// Returns: how much `above` is above `below`; empty where one is not known, or `below` is 0.
[[nodiscard]] inline std::optional<overhead> compare(figure above, figure below) noexcept {
  if (!above || !below || *below == 0) return std::nullopt;
  return overhead{.ratio = static_cast<double>(*above) / static_cast<double>(*below),
                  .bytes = static_cast<std::ptrdiff_t>(*above - *below)};
}

/// Returns: the same, but anything is infinitely many times as much as 0.
[[nodiscard]] inline std::optional<overhead> compare_with_any(figure above, figure below) noexcept {
  if (!above || below != std::size_t{0}) return compare(above, below);
  return overhead{.ratio = std::numeric_limits<double>::infinity(),
                  .bytes = static_cast<std::ptrdiff_t>(*above)};
}

/// Returns: the overheads in `sample`, as `compare` tells them.
template <class Compare>
[[nodiscard]] fragmentation steps_of(const heap_sample& sample, Compare compare) noexcept {
  const allocator_stats& allocator = sample.allocator;
  return {.total = compare(sample.process.resident, sample.bytes_in_use),
          .uncounted = compare(allocator.allocated, sample.bytes_in_use),
          .inside_allocator = compare(allocator.active, allocator.allocated),
          .kept_by_allocator = compare(allocator.resident, allocator.active),
          .outside_allocator = compare(sample.process.resident, allocator.resident)};
}

}  // namespace zpmr::detail
