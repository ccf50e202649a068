// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// Memory that is charged, but not allocated through a resource: room booked ahead, or the memory
/// of a library that has its own allocator.
///
/// Thread safety: one thread at a time for each object; any number of objects on one tracker.
///
/// \snippet tenant_budgets.cpp reservation

namespace zpmr {

class memory_tracker;

/// A charge that is taken off when the object goes. Counts as requested bytes and as no allocation.
class ZPMR_EXPORT memory_reservation {
 public:
  /// Effects: charges `bytes` to `tracker`, which outlives the reservation.
  /// Throws: what `memory_tracker::charge` throws.
  memory_reservation(memory_tracker& tracker, std::size_t bytes);

  /// Returns: a reservation, or nothing if `bytes` do not fit. Asks no policy.
  [[nodiscard]] static std::optional<memory_reservation> try_reserve(memory_tracker& tracker,
                                                                     std::size_t bytes) noexcept;

  /// Effects: takes over the charge; `other` then holds 0 bytes and may only be destroyed or
  /// assigned to.
  memory_reservation(memory_reservation&& other) noexcept;
  /// Effects: the same; what this one held is taken off.
  memory_reservation& operator=(memory_reservation&& other) noexcept;
  /// Effects: takes the bytes off.
  ~memory_reservation();

  /// Returns: the bytes charged.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Effects: charges or takes off the difference. If that throws, nothing has changed.
  /// Throws: what `memory_tracker::charge` throws; nothing when it shrinks.
  void resize(std::size_t bytes);

 private:
  struct already_charged {};
  memory_reservation(already_charged, memory_tracker& tracker, std::size_t bytes) noexcept;

  memory_tracker* tracker_;
  std::size_t bytes_;
};

static_assert(!std::is_copy_constructible_v<memory_reservation>);
static_assert(std::is_nothrow_move_constructible_v<memory_reservation>);

}  // namespace zpmr
