// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <zpmr/detail/amount.hpp>
#include <zpmr/memory_tracker.hpp>

#include "zmalloc/zmalloc_functions.hpp"

/// \file
/// How the blocks of zmalloc.h are charged. Nothing here throws: what a policy throws is taken to
/// refuse, as C cannot catch it.

namespace zpmr::detail {

/// Returns: what a block counts for, and what a part of one does.
constexpr amount whole_block(std::size_t size) noexcept {
  return {size, size, 1};
}
constexpr amount part_of_block(std::size_t size) noexcept {
  return {size, size, 0};
}

/// Bytes that the allocator is about to be asked for. They are charged beforehand; where no limit
/// is on the path to the root, as soon as they are there: then a request for which there is no
/// memory leaves the peak as it was.
class zmalloc_charge {
 public:
  /// How far the fast path has come with it.
  enum class progress { none, stored, made };
  /// Who is asked where there is no room or no memory. Nothing is denied where nobody is asked: the
  /// caller has another way.
  enum class question { to_policies, to_nobody };

  /// The fast paths. Returns: false where a charge has to go on; `stored` tells how far this came.
  [[gnu::always_inline]] static bool quickly(std::size_t size, bool& stored) noexcept {
    return tracker().charge_quickly(whole_block(size), stored);
  }
  [[gnu::always_inline]] static void take_off(amount taken) noexcept { tracker().take_off(taken); }

  explicit zmalloc_charge(amount wanted, progress so_far = progress::none) noexcept;
  zmalloc_charge(amount wanted, question asks) noexcept;

  /// Effects: unless kept, undoes what was charged.
  ~zmalloc_charge();
  zmalloc_charge(const zmalloc_charge&) = delete;
  zmalloc_charge& operator=(const zmalloc_charge&) = delete;

  [[nodiscard]] bool is_refused() const noexcept { return state_ == state::refused; }

  /// The allocator has failed for the `attempt`-th time. Returns: true if it is to be asked again.
  [[nodiscard]] bool retry_out_of_memory(unsigned attempt) const noexcept;

  /// Effects: the bytes are there, and there are `bytes` of them; from now on they are taken off by
  /// `take_off`. Returns: false, and nothing is charged, if what was not charged before does not
  /// fit.
  [[nodiscard]] bool keep(std::size_t bytes) noexcept;
  /// The same, but what does not fit is an overdraft.
  void keep_overdrawn(std::size_t bytes) noexcept;

 private:
  enum class state { refused, due, made, kept };

  static memory_tracker& tracker() noexcept {
    // Relaxed: zmalloc_chosen() has acquired it.
    return *zmalloc_account.load(std::memory_order_relaxed);
  }
  [[nodiscard]] state begin(progress so_far) noexcept;
  [[nodiscard]] bool charge(amount wanted, bool stored, charge_manner& manner) const noexcept;

  const amount wanted_;
  const question asks_ = question::to_policies;
  charge_manner manner_;
  state state_;
};

static_assert(!std::is_copy_constructible_v<zmalloc_charge>);

}  // namespace zpmr::detail
