// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <zpmr/detail/request.hpp>
#include <zpmr/detail/size_table.hpp>

#include "base/check.hpp"

/// \file
/// Asking an allocator for its usable sizes.

namespace zpmr::detail {

/// Returns: the bytes that a request takes, 0 if no such block can exist, and remembers small ones.
/// `nallocx`, in the form that jemalloc and tcmalloc share, tells the size of a block of `bytes` at
/// the alignment 2^`flags`.
[[gnu::cold]] inline std::size_t ask_usable_size(std::size_t (*nallocx)(std::size_t, int),
                                                 size_table& table, std::size_t bytes,
                                                 std::size_t alignment) noexcept {
  if (!can_exist(bytes, alignment)) return 0;
  if (alignment > size_table::largest_alignment) {
    return nallocx(at_least_one(bytes), std::countr_zero(alignment));
  }
  const std::size_t usable = nallocx(size_table::request(bytes, alignment), 0);
  // In checked builds the table stays empty, so that every request comes by the checks.
  if (!ZPMR_CHECKED && size_table::holds(bytes, alignment))
    table.remember(bytes, alignment, usable);
  return usable;
}

}  // namespace zpmr::detail
