// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <zpmr/detail/node.hpp>
#include <zpmr/detail/request.hpp>
#include <zpmr/detail/tree_shape.hpp>
#include <zpmr/export.hpp>
#include <zpmr/limit_exceeded.hpp>
#include <zpmr/limit_policy.hpp>
#include <zpmr/memory_reservation.hpp>
#include <zpmr/memory_usage.hpp>
#include <zpmr/overdraft_scope.hpp>
#include <zpmr/usage_scope.hpp>

/// \file
/// The account: what is in use, the peak, the totals, and the limit that is never passed.
///
/// Thread safety: every function may be called from any thread, also between `fork` and `exec`, and
/// none from a signal handler. Making and destroying a tracker must not overlap its use. In the
/// child of a fork a tracker on the stack of another thread is gone: keep trackers elsewhere in
/// programs whose children make or read trackers.
///
/// \snippet tenant_budgets.cpp example

namespace zpmr {

namespace detail {
class zmalloc_charge;
}  // namespace detail

/// Counts bytes, and keeps them within a limit. Trackers form trees: the figures of one include
/// those of its children, and a charge passes the limits of the whole path to the root or changes
/// nothing.
///
/// A charge fits a tracker when `bytes == 0 || (used <= limit && bytes <= limit - used)`. What is
/// charged under a tracker never adds up to more than its limit, overdrafts and a limit that was
/// set below the usage apart; and what other threads hold unused never makes a refusal.
///
/// With all threads at rest every figure is exact. While they run a figure is never negative and
/// never above the limit, and is off by at most 3 MiB for each thread that uses the tracker. The
/// peak is exact while only one thread has charged the tracker and those below it, and those are
/// no more than 64; else it is taken at every read, and whenever a thread has used up what it was
/// leased (docs/engine.md).
///
/// Complexity: a charge and an uncharge are constant; linear in the depth of the tree where the
/// lease of the thread is used up, and near the limit. A read is linear in the number of trackers
/// below.
class ZPMR_EXPORT memory_tracker : private detail::node {
 public:
  /// Effects: makes a root. `policy`, if any, gives the limit and is asked when a charge does not
  /// fit; without one there is no limit, and a limit set later refuses.
  /// Preconditions: `policy` outlives the tracker.
  /// Throws: `std::bad_alloc` if there is no memory for a copy of the name.
  explicit memory_tracker(std::string_view name, limit_policy* policy = nullptr);

  /// Effects: makes a child. Otherwise as above.
  /// Preconditions: `parent` outlives the tracker.
  memory_tracker(std::string_view name, memory_tracker& parent, limit_policy* policy = nullptr);

  /// Effects: the totals and counts stay in the parent. What is still in use is taken off it.
  /// Preconditions: there are no children, and nothing is in use.
  ~memory_tracker();

  memory_tracker(const memory_tracker&) = delete;
  memory_tracker& operator=(const memory_tracker&) = delete;

  /// Effects: adds `bytes` to the bytes in use, requested and total, here and in every ancestor.
  /// Where it does not fit, the policy of the full tracker is asked; without one it is refused.
  /// Throws: `limit_exceeded` if refused; `std::bad_alloc` if `bytes` is more than `PTRDIFF_MAX`;
  /// what the policy throws. Then nothing has changed but the count of denials.
  void charge(std::size_t bytes) { charge_checked({bytes, bytes, 0}); }

  /// Effects: as `charge`, but asks no policy.
  /// Returns: false, counted as a denial, if it does not fit; false if `bytes` is more than
  /// `PTRDIFF_MAX`.
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept;

  /// Effects: takes `bytes` off the bytes in use and requested, here and in every ancestor.
  /// Preconditions: that much was charged to this tracker itself, not to a child, and is not
  /// uncharged yet. Checked builds stop otherwise; others take off what there is.
  void uncharge(std::size_t bytes) noexcept { take_off_bounded({bytes, bytes, 0}); }

  /// For authors of resources: as `charge` of `usable` bytes, but `requested` is what the caller
  /// asked for, and an allocation is counted. While the upstream is being asked, hold a
  /// `pending_block` instead: it takes everything back if the upstream throws.
  void charge_block(std::size_t usable, std::size_t requested) {
    charge_checked({usable, requested, 1});
  }
  /// For authors of resources: as `uncharge` of what `charge_block` charged with the same
  /// arguments; a deallocation is counted.
  void uncharge_block(std::size_t usable, std::size_t requested) noexcept {
    take_off_bounded({usable, requested, 1});
  }

  /// Returns: the bytes charged now.
  [[nodiscard]] std::size_t bytes_in_use() const noexcept { return node::bytes_in_use(); }
  /// Returns: the most that was ever in use, or since `reset_peak`; never less than a value that
  /// `bytes_in_use` has returned.
  [[nodiscard]] std::size_t peak_bytes() const noexcept { return node::peak_bytes(); }
  /// Effects: sets the peak to what is in use now.
  /// Complexity: waits for readers, and takes back the leases of all threads in and below the
  /// tracker: a system call, and the next charge of each of them takes the mutex of the tree.
  void reset_peak() noexcept { node::reset_peak(); }

  /// Returns: its own limit in bytes, or `no_limit`.
  [[nodiscard]] std::size_t limit() const noexcept { return node::limit(); }
  /// Returns: the bytes that could be charged: the least that is left along the path to the root;
  /// `no_limit` if there is no limit on it. Complexity: linear in the depth.
  [[nodiscard]] std::size_t remaining() const noexcept;
  /// Effects: sets the limit, if no more than that is in use. 0 is zero, not "none".
  /// Returns: false if nothing was changed.
  [[nodiscard]] bool try_set_limit(std::size_t bytes) noexcept {
    return node::try_set_limit(bytes);
  }
  /// Effects: sets the limit. If more is in use, nothing fits until enough is freed.
  void set_limit(std::size_t bytes) noexcept { node::set_limit(bytes); }
  /// Effects: later charges ask this policy, or none. The limit stays as it is.
  /// Preconditions: `policy` outlives the tracker.
  /// Returns: the policy before, which another thread may still be asking.
  limit_policy* set_policy(limit_policy* policy) noexcept;

  /// Returns: all figures.
  [[nodiscard]] memory_usage snapshot() const noexcept { return node::usage(); }

  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  /// Returns: nullptr for a root.
  [[nodiscard]] memory_tracker* parent() const noexcept {
    return static_cast<memory_tracker*>(node::parent());
  }

  /// Effects: calls `f(const memory_tracker&)` for each child, in the order in which they were
  /// made. Preconditions: `f` reads; it makes, destroys and charges no tracker, and does not fork.
  template <class F>
  void for_each_child(F&& f) const {
    const detail::shape_reader lock;
    for_each_in(children(), f);
  }

 private:
  friend class pending_block;
  template <class Upstream>
  friend class counting_resource;
  friend class detail::zmalloc_charge;
  friend class usage_scope;
  template <class F>
  friend void for_each_tracker(F&& f);
  struct grant;

  memory_tracker(std::string_view name, memory_tracker* parent, limit_policy* policy);

  template <class F>
  static void for_each_in(const detail::node_list& list, F&& f) {
    for (const node* each = list.first.load(std::memory_order_relaxed); each != nullptr;
         each = each->next()) {
      f(static_cast<const memory_tracker&>(*each));
    }
  }

  detail::charge_manner charge_checked(detail::amount charged) {
    if (charged.bytes > PTRDIFF_MAX) [[unlikely]]
      detail::throw_bad_alloc();
    return charge(charged);
  }
  void take_off_bounded(detail::amount taken) noexcept {
    // No more than that can have been charged; beyond it the sum in the slot would wrap.
    taken.bytes = std::min<std::size_t>(taken.bytes, PTRDIFF_MAX);
    take_off(taken);
  }
  /// Preconditions: `charged.bytes` is at most `PTRDIFF_MAX`.
  [[gnu::always_inline]] detail::charge_manner charge(detail::amount charged) {
    bool stored;
    if (charge_quickly(charged, stored)) [[likely]]
      return {};
    return charge_slowly(charged, stored);
  }
  [[gnu::always_inline]] void take_off(detail::amount taken) noexcept {
    bool stored;
    if (!uncharge_quickly(taken, stored)) [[unlikely]]
      uncharge_slowly(taken.bytes, taken.requested_bytes, taken.operations, stored);
  }

  detail::charge_manner charge_slowly(detail::amount amount, bool stored);
  /// Returns: nothing if it was added, in the manner that is told; the event that was denied
  /// otherwise. Throws: what a policy throws.
  std::optional<limit_event> charge_or_deny(detail::amount amount, bool stored,
                                            detail::charge_manner& manner, unsigned attempt = 1,
                                            grant* granted = nullptr);
  // Its arguments fit into registers: an amount on the stack would cost the fast path a frame.
  void uncharge_slowly(std::size_t bytes, std::size_t requested_bytes, std::uint64_t operations,
                       bool stored) noexcept;
  void tell_of_overdrafts(const grant* granted, detail::amount amount,
                          detail::charge_manner manner);
  [[nodiscard]] limit_event event_of(const detail::refusal& refused, std::size_t bytes,
                                     unsigned attempt, const grant* granted) const noexcept;
  [[nodiscard]] limit_policy* policy_to_ask(unsigned attempt) const noexcept;
  [[nodiscard]] bool retry_out_of_memory(detail::amount amount, unsigned attempt) const;

  const std::string name_;
  std::atomic<limit_policy*> policy_;
};

static_assert(!std::is_copy_constructible_v<memory_tracker>);
static_assert(!std::is_move_constructible_v<memory_tracker>);

/// Effects: calls `f(const memory_tracker&)` for each root, in the order in which they were made.
/// Preconditions: as `for_each_child`.
template <class F>
void for_each_tracker(F&& f) {
  const detail::shape_reader lock;
  memory_tracker::for_each_in(detail::roots(), f);
}

}  // namespace zpmr
