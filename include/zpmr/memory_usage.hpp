// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <zpmr/export.hpp>

/// \file
/// What a tracker knows, as plain numbers.
///
/// Thread safety: a plain value.
///
/// \snippet count_a_container.cpp example

namespace zpmr {

/// The limit of a tracker that has none.
inline constexpr std::size_t no_limit = SIZE_MAX;

/// A snapshot of a tracker's figures. Sizes are in bytes. The fields are not of one instant while
/// other threads run, but `peak_bytes >= bytes_in_use` always holds.
struct memory_usage {
  std::size_t bytes_in_use = 0;            ///< charged now
  std::size_t requested_bytes_in_use = 0;  ///< what the callers asked for, of what is charged now
  std::size_t peak_bytes = 0;              ///< the most ever in use, or since `reset_peak`
  std::size_t total_bytes = 0;             ///< all ever charged
  std::size_t limit = no_limit;            ///< the tracker's own
  std::uint64_t allocations = 0;           ///< blocks ever allocated
  std::uint64_t deallocations = 0;         ///< blocks ever freed
  std::uint64_t denied = 0;                ///< charges that were refused
  std::uint64_t overdrafts = 0;            ///< charges that passed although they did not fit

  /// Returns: allocations not yet freed.
  [[nodiscard]] constexpr std::uint64_t blocks_in_use() const noexcept {
    return allocations > deallocations ? allocations - deallocations : 0;
  }

  friend bool operator==(const memory_usage&, const memory_usage&) = default;
};

/// Effects: writes all figures on one line, without its end, as one unit: width and fill apply to
/// the whole, other format flags to nothing.
ZPMR_EXPORT std::ostream& operator<<(std::ostream& out, const memory_usage& usage);

}  // namespace zpmr
