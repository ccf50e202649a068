// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <zpmr/memory_budget.hpp>

#include "base/check.hpp"

namespace zpmr {

std::optional<std::size_t> memory_budget(double fraction, const process_memory& memory) noexcept {
  ZPMR_EXPECTS(fraction > 0 && fraction <= 1,
               "the fraction must be above 0 and at most 1: pass 0.75 for three quarters");
  if (!(fraction > 0 && fraction <= 1)) return std::nullopt;  // rather than a cap that is none
  std::optional<std::size_t> least;
  for (const auto& bound : {memory.cgroup_limit, memory.process_limit, memory.physical}) {
    if (bound) least = std::min(*bound, least.value_or(SIZE_MAX));
  }
  // The whole is left as it is: a double does not hold every size.
  if (!least || fraction >= 1) return least;
  return static_cast<std::size_t>(fraction * static_cast<double>(*least));
}

}  // namespace zpmr
