// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>
#include <zpmr/detail/node.hpp>

#include "platform/membarrier.hpp"
#include "tracking/node_parts.hpp"

// Leases: giving, giving back, and taking back. All under the tree's mutex.

namespace zpmr::detail {

void node::activate(slot_ref own, std::uint32_t thread) noexcept {
  if (!own.cold->active) count_slot(thread);
  own.cold->active = true;
}

void node::activate_settled() noexcept {
  if (!settled_active_) count_slot(several);
  settled_active_ = true;
}

/// Returns: the bytes that this slot has freed since the last time.
std::size_t node::harvest(slot_ref own) noexcept {
  // Acquire: who knows of these frees, and may charge the room they leave, knows what they freed.
  const std::size_t freed = own.hot->freed.load(std::memory_order_acquire);
  own.hot->mark.store(freed, std::memory_order_relaxed);
  return freed - std::exchange(own.cold->harvested, freed);
}

/// Called by the owner of the slot, or when it cannot run: gives its lease back.
void node::close(slot_ref own) noexcept {
  const std::size_t alloc = value(own.hot->alloc);
  const std::size_t lease = value(own.hot->ceil) - alloc;
  own.hot->ceil.store(alloc, std::memory_order_relaxed);
  own.cold->open = false;
  move_granted(0 - lease - harvest(own));
}

/// Lists the slot for `drain`, if there is anything to take back from it.
void node::open(slot_ref own) noexcept {
  if (value(own.hot->ceil) == value(own.hot->alloc) &&
      value(own.hot->mark) == own.cold->harvested) {
    return;
  }
  own.cold->open = true;
  has_open_slots_ = true;
  for (node* each = this; each->parent_ != nullptr && !each->listed_; each = each->parent_) {
    each->listed_ = true;
    each->previous_open_ = nullptr;
    each->next_open_ = each->parent_->first_open_;
    if (each->next_open_ != nullptr) each->next_open_->previous_open_ = each;
    each->parent_->first_open_ = each;
  }
}

void node::unlist() noexcept {
  if (!listed_) return;
  (previous_open_ != nullptr ? previous_open_->next_open_ : parent_->first_open_) = next_open_;
  if (next_open_ != nullptr) next_open_->previous_open_ = previous_open_;
  listed_ = false;
}

/// Takes back every lease in and below this node, and sees every free. One heavy fence for all:
/// what a slot's owner charges after it goes the slow path, and what it charged before is seen.
/// Returns: false if there was nothing to take back, or no fence.
bool node::drain() noexcept {
  const std::size_t lowered = lower_open();
  const bool confirmed = lowered == 0 || heavy_fence();
  settle_open(confirmed);
  return confirmed && lowered != 0;
}

/// As `drain`, where all slots are this thread's own.
void node::drain_own() noexcept {
  lower_open();
  settle_open(true);
}

/// Returns: the number of slots whose ceiling it lowered.
std::size_t node::lower_open() noexcept {
  std::size_t lowered = 0;
  if (has_open_slots_) {
    for_each_slot([&](slot_ref each) {
      if (!each.cold->open) return;
      const std::size_t ceil = value(each.hot->ceil);
      each.cold->ceil_before = ceil;
      each.hot->ceil.store(value(each.hot->alloc), std::memory_order_relaxed);
      each.hot->mark.store(each.cold->harvested, std::memory_order_relaxed);
      ++lowered;
    });
  }
  for (node* each = first_open_; each != nullptr; each = each->next_open_) {
    lowered += each->lower_open();
  }
  return lowered;
}

void node::settle_open(bool confirmed) noexcept {
  if (has_open_slots_) {
    for_each_slot([&](slot_ref each) {
      if (each.cold->open) settle(each, confirmed);
    });
    has_open_slots_ = !confirmed;
    sample_here();
  }
  for (node* each = first_open_; each != nullptr; each = each->next_open_) {
    each->settle_open(confirmed);
    each->listed_ = !confirmed;
  }
  if (confirmed) first_open_ = nullptr;
}

/// What was charged under the old ceiling before the fence stays. Without a fence it is unknown
/// what that is, and all of the lease counts as used.
void node::settle(slot_ref open, bool confirmed) noexcept {
  const std::size_t before = open.cold->ceil_before;
  // No further than before: the first look of `charge` keeps `alloc` from it.
  const std::size_t ceil = confirmed ? value(open.hot->alloc) : before;
  open.hot->ceil.store(ceil, std::memory_order_relaxed);
  move_granted(ceil - before - harvest(open));
  open.cold->open = !confirmed;
}

}  // namespace zpmr::detail
