// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <zpmr/misuse.hpp>

#include "base/mapped_array.hpp"
#include "diagnostics/checked_blocks.hpp"

namespace zpmr::detail {

/// The blocks in use of one moment, by the calls that allocated them.
class leaks_by_stack {
 public:
  /// Throws: `std::bad_alloc`.
  explicit leaks_by_stack(const checked_blocks& blocks);

  [[nodiscard]] std::span<const leak> largest_first() const noexcept { return leaks_; }

 private:
  leaks_by_stack(const checked_blocks& blocks, std::size_t most);

  mapped_array<leak> storage_;
  std::span<leak> leaks_;
};

/// Effects: if there are blocks in use, tells the resource's handler; without memory to list them,
/// only their number is written to stderr.
void tell_leaks(const checked_resource& resource, const checked_blocks& blocks) noexcept;

}  // namespace zpmr::detail
