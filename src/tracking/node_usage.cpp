// SPDX-License-Identifier: MIT
#include <algorithm>
#include <zpmr/detail/node.hpp>
#include <zpmr/detail/tree_shape.hpp>

#include "tracking/node_parts.hpp"

// Reads. They sum over the slots, and take no lock that a charge waits for.

namespace zpmr::detail {

// First all that was freed, then all that was charged: who sees a block freed sees it charged.
// Blocks that come and go in between would be counted too often, so if anything was freed meanwhile
// it looks again, a few times. What is granted bounds the error that is left.

void node::add_freed(slot_sums& sums) const noexcept {
  sums.freed += settled_.freed.load(std::memory_order_acquire);
  for_each_slot([&](slot_ref each) {
    // Acquire: pairs with the release of `uncharge`.
    sums.freed += each.hot->freed.load(std::memory_order_acquire);
  });
}

void node::add_charged(slot_sums& sums) const noexcept {
  const auto add = [&](const auto& figures, std::size_t alloc) {
    sums.alloc += alloc;
    sums.requested += value(figures.requested);
    sums.allocations += value(figures.allocations);
    sums.deallocations += value(figures.deallocations);
  };
  add(settled_, value(settled_.alloc));
  for_each_slot([&](slot_ref each) {
    // What is beyond the ceiling is not decided yet.
    const std::size_t alloc = value(each.hot->alloc);
    const std::size_t ceil = value(each.hot->ceil);
    add(*each.hot, within(alloc, 0, ceil) ? alloc : ceil);
  });
}

slot_sums node::sums_here() const noexcept {
  slot_sums sums;
  add_freed(sums);
  add_charged(sums);
  return sums;
}

slot_sums node::sums_below() const noexcept {
  slot_sums sums;
  for (int tries = 0; tries < 3; ++tries) {
    sums = {};
    slot_sums again;
    for_each_below([&](const node& each) { each.add_freed(sums); });
    for_each_below([&](const node& each) { each.add_charged(sums); });
    for_each_below([&](const node& each) { each.add_freed(again); });
    if (again.freed == sums.freed) break;
  }
  return sums;
}

/// The sums of a moment when others run may be too high. Where the peak is exact it bounds them;
/// elsewhere they raise it.
std::size_t node::bytes_in_use(slot_sums& sums) const noexcept {
  const shape_reader shape;  // no `reset_peak` between the sums and what they raise
  sums = sums_below();
  const std::size_t used = sums.in_use(value(granted_));
  if (value(thread_) != several) return std::min(used, peak_so_far(peak_));
  raise(peak_.bytes, used);
  return used;
}

std::size_t node::bytes_in_use() const noexcept {
  slot_sums sums;
  return bytes_in_use(sums);
}

std::size_t node::bytes_in_use(peak_watch& watch) const noexcept {
  const std::size_t used = bytes_in_use();
  if (value(thread_) != several) return std::min(used, peak_so_far(watch));
  raise(watch.bytes, used);
  return used;
}

memory_usage node::usage() const noexcept {
  slot_sums sums;
  memory_usage usage;
  usage.bytes_in_use = bytes_in_use(sums);
  usage.requested_bytes_in_use =
      static_cast<std::ptrdiff_t>(sums.requested) > 0 ? sums.requested : 0;
  usage.total_bytes = sums.alloc;
  usage.limit = limit();
  usage.allocations = sums.allocations;
  usage.deallocations = sums.deallocations;
  usage.denied = value(denied_);
  usage.overdrafts = value(overdrafts_);
  // The peak may have been reset in between.
  usage.peak_bytes = std::max(peak_bytes(), usage.bytes_in_use);
  return usage;
}

}  // namespace zpmr::detail
