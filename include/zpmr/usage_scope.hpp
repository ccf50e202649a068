// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <zpmr/detail/node.hpp>
#include <zpmr/export.hpp>

/// \file
/// What a phase of a program adds to a tracker.
///
/// Thread safety: the figures may be read by any thread while the scope lives.
///
/// \snippet measure_a_phase.cpp scope

namespace zpmr {

class memory_tracker;

/// The change of a tracker's figures since the scope was made, by all threads. Scopes on one
/// tracker may overlap in any way; none changes the tracker's own figures.
class ZPMR_EXPORT usage_scope {
 public:
  /// Effects: notes the figures of `tracker`, which outlives the scope.
  /// Throws: `std::bad_alloc` if the system has no memory for a note of the peak.
  /// Complexity: takes back the leases of all threads in and below the tracker: a system call, and
  /// the next charge of each of them takes the mutex of the tree.
  explicit usage_scope(memory_tracker& tracker);
  ~usage_scope();
  usage_scope(const usage_scope&) = delete;
  usage_scope& operator=(const usage_scope&) = delete;

  /// Returns: bytes in use now, less those at the start; negative if more was freed than allocated.
  [[nodiscard]] std::ptrdiff_t bytes() const noexcept;
  /// Returns: the number of allocations since the start.
  [[nodiscard]] std::ptrdiff_t allocations() const noexcept;
  /// Returns: the most that `bytes()` has been; at least 0.
  [[nodiscard]] std::ptrdiff_t peak_bytes() const noexcept;

 private:
  detail::node& node_;
  detail::peak_watch& peak_;
  std::size_t start_bytes_;
  std::uint64_t start_allocations_;
};

static_assert(!std::is_copy_constructible_v<usage_scope>);

}  // namespace zpmr
