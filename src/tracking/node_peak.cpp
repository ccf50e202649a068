// SPDX-License-Identifier: MIT
#include <algorithm>
#include <zpmr/detail/tree_shape.hpp>

#include "tracking/node_parts.hpp"
#include "tracking/tree_lock.hpp"

// The peak. It is exact while one thread is all that charges in and below a node. With more it is
// taken at each slow path, from the last samples of all nodes below, and at each read. All but the
// reads under the tree's mutex.

namespace zpmr::detail {

void node::raise_peak(std::size_t bytes) noexcept {
  for (peak_watch* each = &peak_; each != nullptr; each = each->next) raise(each->bytes, bytes);
}

std::size_t node::least_peak() const noexcept {
  std::size_t least = SIZE_MAX;
  for (const peak_watch* each = &peak_; each != nullptr; each = each->next) {
    least = std::min(least, value(each->bytes));
  }
  return least;
}

void node::set_exact(slot* exact, std::size_t beside) noexcept {
  // Release, all three: a reader that finds one of the new values finds that there was a change.
  changes_.store(value(changes_) + 1, std::memory_order_relaxed);
  exact_.store(exact, std::memory_order_release);
  beside_.store(beside, std::memory_order_release);
  changes_.store(value(changes_) + 1, std::memory_order_release);
}

/// Returns: the most since `exact_` was set, or 0.
std::size_t node::exact_peak() const noexcept {
  const shape_reader shape;  // keeps the slot, where it is a child's
  for (;;) {
    const std::uint32_t before = changes_.load(std::memory_order_acquire);
    const slot* const exact = exact_.load(std::memory_order_acquire);
    const std::size_t beside = beside_.load(std::memory_order_acquire);
    // Acquire: where it has started anew, the watches were raised before.
    const std::size_t peak = exact != nullptr ? exact->peak.load(std::memory_order_acquire) : 0;
    if (value(changes_) == before && before % 2 == 0) return exact != nullptr ? beside + peak : 0;
  }
}

void node::lose_exact_peak() noexcept {
  if (value(exact_) == nullptr) return;
  raise_peak(value(beside_) + value(value(exact_)->peak));
  set_exact(nullptr, 0);
}

/// A node with many slots counts as charged by several threads: with its peak kept exact, a thread
/// that goes from tracker to tracker at the peak would take the slow path for nearly every charge.
void node::count_slot(std::uint32_t thread) noexcept {
  constexpr std::size_t many = 65;
  for_each_in_path([=](node& each) {
    ++each.slots_;
    const std::uint32_t before = value(each.thread_);
    const bool alone = (before == nobody_yet || before == thread) && each.slots_ < many;
    each.thread_.store(alone ? thread : several, std::memory_order_relaxed);
    if (!alone) each.lose_exact_peak();
    if (!alone && before != several && each.parent_ == nullptr) each.sample_below();  // at first
  });
}

/// Called as the slot of this thread is about to be used again. Where this thread alone charges a
/// node, either all that is granted there is within the peak that is known, so that nothing can
/// raise it; or this slot alone is open, and keeps the peak on its own line.
void node::keep_peak_exact(slot_ref own) noexcept {
  for_each_in_path([&](node& each) {
    if (value(each.thread_) != this_thread.index || value(each.exact_) == own.hot) return;
    each.lose_exact_peak();
    if (value(each.granted_) <= each.least_peak()) return;
    each.drain_own();
    restart_peak_of(own);
    const std::size_t lease = value(own.hot->ceil) - value(own.hot->alloc);
    const std::size_t used = value(each.granted_) - lease;
    each.raise_peak(used);
    each.set_exact(own.hot, used - own.hot->in_use());
  });
}

void node::restart_peak_of(slot_ref own) noexcept {
  for_each_in_path([&](node& each) {
    if (value(each.exact_) == own.hot) each.raise_peak(value(each.beside_) + value(own.hot->peak));
  });
  // Release: who reads it and goes on to the watches finds them raised by the old one.
  own.hot->peak.store(own.hot->in_use(), std::memory_order_release);
}

/// Takes the peak of those nodes of the path that several threads charge. What nodes beside it hold
/// is known since their last slow path; where there are only a few, they are looked at again.
void node::sample() noexcept {
  constexpr std::size_t few = 32;
  if (!charged_by_several()) return;
  sample_here();
  node* top = nullptr;
  for_each_in_path([&](node& each) {
    if (value(each.thread_) == several && each.slots_ <= few) top = &each;
  });
  if (top != nullptr) top->sample_below();
  for_each_in_path([](node& each) {
    if (value(each.thread_) != several) return;
    each.raise_peak(std::min(each.sample_, value(each.granted_)));
  });
}

/// Returns: whether a node of the path is; the root is one of them then.
bool node::charged_by_several() const noexcept {
  const node* root = this;
  while (root->parent_ != nullptr) root = root->parent_;
  return value(root->thread_) == several;
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
  raise_peak(value(granted_));  // a slot may not have noted yet what it has just charged
}

void node::reset_peak() noexcept {
  const shape_writer shape;  // no reader is about to raise it to what was in use before
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

/// Returns: the peak, also where a slot has it on its own line.
std::size_t node::peak_so_far(const peak_watch& watch) const noexcept {
  // First the slot's: where that has started anew, the watch was raised before.
  const std::size_t of_slot = exact_peak();
  return std::max(of_slot, value(watch.bytes));
}

std::size_t node::peak_bytes(peak_watch& watch) const noexcept {
  const std::size_t used = bytes_in_use(watch);
  return std::max(used, peak_so_far(watch));
}

std::size_t node::peak_bytes() const noexcept {
  const std::size_t used = bytes_in_use();
  return std::max(used, peak_so_far(peak_));
}

}  // namespace zpmr::detail
