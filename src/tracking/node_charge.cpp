// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <zpmr/detail/node.hpp>

#include "base/check.hpp"
#include "tracking/node_parts.hpp"

// The slow paths of charging and uncharging. docs/engine.md explains the whole.

namespace zpmr::detail {

bool is_granted(const overdraft_grant* granted, const node& full) noexcept {
  while (granted != nullptr && &granted->full != &full) granted = granted->earlier;
  return granted != nullptr;
}

std::optional<refusal> node::charge_slowly(amount charged, bool stored, overdraft_grant* granted,
                                           charge_manner& manner) noexcept {
  manner = {};
  const bool has_slot = stored || claim_slot();
  const std::scoped_lock lock(mutex_);
  slot_ref own;
  if (has_slot) {
    own = slot_at(this_thread.index);
    if (stored && within(value(own.hot->alloc), 0, value(own.hot->ceil))) {
      // Another thread had lowered the ceiling, for the moment that it held the mutex.
      own.hot->count_allocation(charged, value(own.hot->alloc));
      return std::nullopt;
    }
    if (stored) decrease(own.hot->alloc, charged.bytes);
    activate(own, this_thread.index);
    mend(own.hot->freed, own.hot->requested);
    close(own);
  }
  for (node* each = this; each != nullptr;) {
    if (each->fits(charged.bytes)) {
      each = each->parent_;
    } else if (!each->drain()) {
      // Nothing below it is leased: what is granted is in use, and the answer is true.
      const std::size_t used = value(each->granted_);
      const bool let_pass = this_thread.overdraft_scopes > 0 || is_granted(granted, *each);
      each->raise_peak(used);
      if (!let_pass || charged.bytes > SIZE_MAX - used) return refusal{each, used, each->limit()};
      manner.overdrafts = 1;
      each = each->parent_;
    }
  }
  manner.settled = !has_slot;
  note_crossings(granted, charged.bytes);
  enter(charged, own, manner);
  return std::nullopt;
}

bool node::fits(std::size_t bytes) const noexcept {
  const std::size_t used = value(granted_);
  return bytes == 0 || (used <= limit() && bytes <= limit() - used);
}

void node::note_crossings(overdraft_grant* granted, std::size_t bytes) noexcept {
  for (; granted != nullptr; granted = granted->earlier) {
    const node& full = granted->full;
    granted->crossed = value(full.granted_) <= full.limit() && !full.fits(bytes);
  }
}

void node::enter(amount charged, slot_ref own, charge_manner manner) noexcept {
  std::size_t lease = 0;
  if (own) {
    if (manner.overdrafts == 0) lease = quantum(own, charged.bytes);
    increase(own.hot->alloc, charged.bytes);
    own.hot->ceil.store(value(own.hot->alloc) + lease, std::memory_order_relaxed);
    own.hot->count_allocation(charged, value(own.hot->alloc));
  } else {
    activate_settled();
    increase(settled_.alloc, charged.bytes);
    increase(settled_.requested, charged.requested_bytes);
    increase(settled_.allocations, charged.operations);
  }
  for_each_in_path([&](node& each) {
    increase(each.granted_, charged.bytes + lease);
    increase(each.overdrafts_, manner.overdrafts);
  });
  conclude(own, 2 * lease);
}

/// Ends a slow path. `unseen` bytes may be freed before the next one; at first fewer, so that a
/// free of more than is in use is seen where little is.
void node::conclude(slot_ref own, std::size_t unseen) noexcept {
  sample();
  if (!own) return;
  keep_peak_exact(own);
  unseen = std::min(unseen, value(own.hot->alloc) + value(own.hot->freed));
  if (ZPMR_CHECKED) unseen = 0;  // one free too many is told where it is made
  own.hot->mark.store(value(own.hot->freed) + unseen, std::memory_order_relaxed);
  open(own);
}

/// Returns: how much more than `bytes` to lease to this thread's slot: the least of 4 KiB plus
/// what it has charged and freed so far, so that leases grow with their use; the largest of 64 KiB,
/// a sixteenth of what is held and 64 more of the same; 1 MiB; and a sixteenth of the room, so that
/// leases shrink to nothing near the limit and taking them back stays rare.
std::size_t node::quantum(slot_ref own, std::size_t bytes) noexcept {
  constexpr std::size_t first = std::size_t{4} << 10;
  constexpr std::size_t usual = std::size_t{64} << 10;
  constexpr std::size_t most = std::size_t{1} << 20;
  std::size_t room = SIZE_MAX;
  for_each_in_path([&](node& each) {
    const std::size_t used = value(each.granted_);
    room = std::min(room, each.limit() - std::min(each.limit(), used));
  });
  const std::size_t wanted = std::max({usual, value(granted_) / 16, 64 * std::min(bytes, most)});
  const std::size_t lease = std::min({first + value(own.hot->alloc) + value(own.hot->freed), wanted,
                                      most, (room - std::min(room, bytes)) / 16});
  return lease < bytes ? 0 : lease;  // one that does not bear the next charge only costs
}

std::size_t node::uncharge_slowly(amount taken, bool stored) noexcept {
  const bool has_slot = stored || claim_slot();
  const std::scoped_lock lock(mutex_);
  slot_ref own;
  if (has_slot) {
    own = slot_at(this_thread.index);
    activate(own, this_thread.index);
    if (!stored) increase_freed(own.hot->freed, taken.bytes);
    own.hot->count_deallocation(taken);
  } else {
    activate_settled();
    increase_freed(settled_.freed, taken.bytes);
    decrease(settled_.requested, taken.requested_bytes);
    increase(settled_.deallocations, taken.operations);
  }
  const std::size_t surplus = has_slot ? mend(own.hot->freed, own.hot->requested)
                                       : mend(settled_.freed, settled_.requested);
  if (has_slot) {
    move_granted(0 - harvest(own));
  } else {
    move_granted(surplus - taken.bytes);
  }
  conclude(own, own ? 2 * quantum(own, 0) : 0);
  return surplus;
}

/// If more was freed than charged, puts the surplus back before it is harvested: what else is
/// granted is others'.
std::size_t node::mend(std::atomic<std::size_t>& freed,
                       std::atomic<std::size_t>& requested) noexcept {
  const slot_sums sums = sums_here();
  const std::size_t used = sums.alloc - sums.freed;
  if (used <= value(granted_)) return 0;
  increase_freed(freed, used);  // wraps: the surplus is 0 - used
  decrease(requested, sums.requested);
  return 0 - used;
}

void node::cancel(amount charged, charge_manner manner) noexcept {
  const std::scoped_lock lock(mutex_);
  sample();  // for a moment it was in use
  slot_ref own;
  if (manner.settled) {
    decrease(settled_.alloc, charged.bytes);
    decrease(settled_.requested, charged.requested_bytes);
    decrease(settled_.allocations, charged.operations);
    move_granted(0 - charged.bytes);
  } else {
    own = slot_at(this_thread.index);
    decrease(own.hot->alloc, charged.bytes);
    decrease(own.hot->requested, charged.requested_bytes);
    decrease(own.hot->allocations, charged.operations);
    close(own);
  }
  for_each_in_path([&](node& each) { decrease(each.overdrafts_, manner.overdrafts); });
  conclude(own, 0);
}

void node::count_denied() noexcept {
  const std::scoped_lock lock(mutex_);
  for_each_in_path([](node& each) { increase(each.denied_, std::uint64_t{1}); });
}

void node::move_granted(std::size_t by) noexcept {
  for_each_in_path([=](node& each) { increase(each.granted_, by); });
}

}  // namespace zpmr::detail
