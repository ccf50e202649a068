// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace zpmr::detail {

/// What one operation adds to a tracker or takes from it.
struct amount {
  std::size_t bytes;
  std::size_t requested_bytes;
  std::uint64_t operations;  ///< 1 for a block, 0 for a plain charge
};

/// How a charge was added; whoever undoes it needs to know.
struct charge_manner {
  std::uint64_t overdrafts = 0;  ///< 1 if it did not fit
  bool settled = false;          ///< under the mutex, without a slot
};

}  // namespace zpmr::detail
