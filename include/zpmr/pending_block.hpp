// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>
#include <zpmr/memory_tracker.hpp>

/// \file
/// For authors of resources: a block that is charged, but not yet there.
///
/// Thread safety: belongs to the thread that made it.
///
/// \snippet own_resource.cpp example

namespace zpmr {

/// Charges a block, and takes the charge back unless the block is kept.
class pending_block {
 public:
  /// Effects: as `tracker.charge_block(usable, requested)`.
  /// Throws: what that throws.
  pending_block(memory_tracker& tracker, std::size_t usable, std::size_t requested)
      : tracker_(&tracker),
        amount_{usable, requested, 1},
        manner_(tracker.charge_checked(amount_)) {}

  /// Effects: unless kept, undoes the charge, from the totals and counts too. Only the peak may
  /// stay risen.
  ~pending_block() {
    if (tracker_ != nullptr) tracker_->cancel(amount_, manner_);
  }
  pending_block(const pending_block&) = delete;
  pending_block& operator=(const pending_block&) = delete;

  /// The upstream threw `std::bad_alloc` for the `attempt`-th time: asks the tracker's policy.
  /// Returns: true if the upstream is to be asked again.
  /// Throws: what the policy throws.
  [[nodiscard]] bool retry_out_of_memory(unsigned attempt) const {
    return tracker_->retry_out_of_memory(amount_, attempt);
  }

  /// Effects: the block is there. From now on it is taken off by `uncharge_block`.
  void keep() noexcept { tracker_ = nullptr; }

 private:
  template <class Upstream>
  friend class counting_resource;

  /// Takes over a charge that the fast path has made.
  pending_block(memory_tracker& tracker, detail::amount charged) noexcept
      : tracker_(&tracker), amount_(charged) {}
  /// Goes on where the fast path ended, if it has stored anything.
  pending_block(memory_tracker& tracker, detail::amount amount, bool stored)
      : tracker_(&tracker),
        amount_(amount),
        manner_(stored ? tracker.charge_slowly(amount, true) : tracker.charge_checked(amount)) {}

  memory_tracker* tracker_;
  detail::amount amount_;
  detail::charge_manner manner_;
};

static_assert(!std::is_copy_constructible_v<pending_block>);

}  // namespace zpmr
