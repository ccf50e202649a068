// SPDX-License-Identifier: MIT
#pragma once

#include <memory_resource>
#include <type_traits>
#include <zpmr/export.hpp>

namespace zpmr::detail {

/// What all counting resources have in common, whatever the type of their upstream.
class ZPMR_EXPORT counting_base : public std::pmr::memory_resource {
 public:
  /// Returns: where the blocks come from.
  [[nodiscard]] virtual const std::pmr::memory_resource* source() const noexcept = 0;
};

static_assert(sizeof(counting_base) == sizeof(std::pmr::memory_resource));
static_assert(std::is_abstract_v<counting_base>);

}  // namespace zpmr::detail
