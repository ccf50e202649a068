// SPDX-License-Identifier: MIT
#include <zpmr/counting_resource.hpp>

#include "base/check.hpp"
#include "base/resource_cast.hpp"

namespace zpmr::detail {

const allocator_resource* as_allocator(const std::pmr::memory_resource* upstream) noexcept {
  ZPMR_EXPECTS(upstream != nullptr, "a counting_resource needs an upstream");
  return resource_cast<allocator_resource>(upstream);
}

}  // namespace zpmr::detail
