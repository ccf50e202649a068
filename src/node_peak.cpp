// SPDX-License-Identifier: MIT
#include <algorithm>
#include <zpmr/detail/tree_shape.hpp>

#include "node_parts.hpp"

// The peak. While one slot is all there is in and below a node, its owner keeps the exact peak on
// its own line. With more the peak is taken at each slow path, from the last samples of all nodes
// below, and at each read. All but `peak_bytes` under the tree's mutex.

namespace zpmr::detail {

void node::raise_peak(std::size_t bytes) noexcept {
  for (peak_watch* each = &peak_; each != nullptr; each = each->next) raise(each->bytes, bytes);
}

void node::lose_exact_peak() noexcept {
  slot* const exact = value(exact_);
  if (exact == nullptr) return;
  raise_peak(value(exact->peak));
  // Release: a reader that finds no slot finds the watches raised by its peak.
  exact_.store(nullptr, std::memory_order_release);
}

void node::count_slots(std::size_t more) noexcept {
  for_each_in_path([=](node& each) {
    each.lose_exact_peak();
    each.slots_ += more;
  });
}

/// Called by the owner of the slot, as it has just been closed: notes its peak wherever it counts,
/// and starts it anew where a node waits for that.
void node::follow_peak(slot_ref own) noexcept {
  bool awaited = false;
  for_each_in_path([&](node& each) {
    slot* const exact = value(each.exact_);
    if (exact == own.hot) each.raise_peak(value(exact->peak));
    if (exact == nullptr && each.slots_ == 1) awaited = true;
  });
  if (!awaited) return;
  // Release: a reader of it that goes on to the watches finds them raised by the old one.
  own.hot->peak.store(own.hot->in_use(), std::memory_order_release);
  for_each_in_path([&](node& each) {
    // Release: a reader that finds the slot finds the peak that was started anew.
    if (each.slots_ == 1) each.exact_.store(own.hot, std::memory_order_release);
  });
}

/// Takes the peak of the whole path. What nodes beside it hold is known since their last slow path;
/// where there are only a few, they are looked at again.
void node::sample() noexcept {
  constexpr std::size_t few = 32;
  sample_here();
  node* top = nullptr;
  for_each_in_path([&](node& each) {
    if (each.slots_ > 1 && each.slots_ <= few) top = &each;
  });
  if (top != nullptr) top->sample_below();
  for_each_in_path(
      [](node& each) { each.raise_peak(std::min(each.sample_, value(each.granted_))); });
}

void node::sample_here() noexcept {
  const std::size_t used = sums_here().in_use(value(granted_));
  const std::size_t change = used - sample_here_;
  sample_here_ = used;
  for_each_in_path([=](node& each) { each.sample_ += change; });
}

void node::sample_below() noexcept {
  for_each_below([](const node& each) { const_cast<node&>(each).sample_here(); });
}

/// Afterwards what is granted is in use, the next charge of every slot goes the slow path, and only
/// then does a slot's own peak count again.
void node::restart_peak() noexcept {
  drain();
  lose_exact_peak();
}

void node::reset_peak() noexcept {
  const std::scoped_lock lock(mutex_);
  restart_peak();
  peak_.bytes.store(value(granted_), std::memory_order_relaxed);
}

std::size_t node::watch(peak_watch& watch) noexcept {
  const std::scoped_lock lock(mutex_);
  restart_peak();
  watch.bytes.store(value(granted_), std::memory_order_relaxed);
  watch.next = peak_.next;
  peak_.next = &watch;
  return value(granted_);
}

void node::unwatch(peak_watch& watch) noexcept {
  const std::scoped_lock lock(mutex_);
  peak_watch* before = &peak_;
  while (before->next != &watch) before = before->next;
  before->next = watch.next;
}

std::size_t node::peak_bytes(peak_watch& watch) const noexcept {
  bytes_in_use(watch);
  const shape_reader shape;  // keeps the slot, where it is a child's
  // The slot first, acquired: where its peak has started anew, the watch was raised before.
  const slot* const exact = exact_.load(std::memory_order_acquire);
  const std::size_t of_slot = exact != nullptr ? exact->peak.load(std::memory_order_acquire) : 0;
  return std::max(of_slot, value(watch.bytes));
}

std::size_t node::peak_bytes() const noexcept {
  return peak_bytes(peak_);
}

}  // namespace zpmr::detail
