// SPDX-License-Identifier: MIT
#include <cstdint>
#include <zpmr/detail/tree_shape.hpp>

#include "base/check.hpp"
#include "tracking/bookkeeping.hpp"
#include "tracking/node_parts.hpp"
#include "tracking/thread_index.hpp"
#include "tracking/tree_lock.hpp"

// The life of a node: joining and leaving its tree, slots for threads, limits, and fork.
// docs/engine.md explains the whole.

namespace zpmr::detail {

namespace {

/// Returns: what is published there in place of `none`, made by this thread or another; nullptr if
/// there is no memory.
template <class T>
T* publish(std::atomic<T*>& place, T* none, T* (*make)()) noexcept {
  T* there = place.load(std::memory_order_acquire);
  if (there != none) return there;
  T* const made = make();
  if (made == nullptr) return nullptr;
  // Release: its zeros; acquire: those of the thread that was first.
  if (place.compare_exchange_strong(there, made, std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
    return made;
  }
  recycle(made);
  return there;
}

}  // namespace

constinit slot_table no_slots;

node::node(node* parent, std::size_t limit) noexcept
    : mutex_(parent != nullptr ? parent->mutex_ : mutex_for_new_tree()),
      parent_(parent),
      limit_(limit) {}

node_list& node::siblings() noexcept {
  return parent_ != nullptr ? parent_->children_ : roots();
}

void node::join() noexcept {
  const shape_writer shape;
  const std::scoped_lock lock(mutex_);
  siblings().push_back(*this);
}

void node::leave() noexcept {
  {
    const shape_writer shape;
    const std::scoped_lock lock(mutex_);
    hand_over();
    siblings().erase(*this);
  }
  if (slot_table* const table = value(others_); table != &no_slots) recycle(table);
}

/// Leases go back first, so that what is still granted is what is still in use. No fence is needed,
/// as nobody charges a node that is being destroyed.
void node::hand_over() noexcept {
  for_each_slot([&](slot_ref each) {
    if (each.cold->active) close(each);
  });
  if (parent_ == nullptr) return;
  const std::size_t left = value(granted_);
  parent_->for_each_in_path([&](node& above) {
    if (left != 0) above.restart_peak();  // what is in use beside a slot changes
    above.forget(*this);
    decrease(above.granted_, left);
  });
  const slot_sums mine = sums_here();
  settled_figures& heir = parent_->settled_;
  increase(heir.alloc, mine.alloc);
  increase_freed(heir.freed, mine.alloc);
  increase(heir.allocations, mine.allocations);
  increase(heir.deallocations, mine.deallocations);
  unlist();
}

void node::forget(const node& child) noexcept {
  child.for_each_slot([&](slot_ref each) {
    if (value(exact_) == each.hot) lose_exact_peak();
  });
  slots_ -= child.slots_;
  sample_ -= child.sample_;
  if (slots_ == 0) thread_.store(nobody_yet, std::memory_order_relaxed);
}

bool node::claim_slot() noexcept {
  if (!claim_index()) return false;
  const std::uint32_t index = this_thread.index;
  std::uint32_t nobody = nobody_yet;
  if (owner_.compare_exchange_strong(nobody, index, std::memory_order_relaxed)) return true;
  return nobody == index || make_slot(index);
}

/// Tables and chunks are made outside the mutex; of two threads that make one, the first wins.
bool node::make_slot(std::uint32_t index) noexcept {
  slot_table* const table = publish(others_, &no_slots, make_slot_table);
  return table != nullptr && publish<slot_chunk>(table->chunks[index / slot_chunk::size], nullptr,
                                                 make_slot_chunk) != nullptr;
}

slot_ref node::slot_at(std::uint32_t index) noexcept {
  if (value(owner_) == index) return {&own_, &own_ledger_};
  slot_chunk& chunk = *value(value(others_)->chunks[index / slot_chunk::size]);
  return {&chunk.hot[index % slot_chunk::size], &chunk.cold[index % slot_chunk::size]};
}

bool node::try_set_limit(std::size_t bytes) noexcept {
  const std::scoped_lock lock(mutex_);
  if (value(granted_) > bytes) drain();
  if (value(granted_) > bytes) return false;
  limit_.store(bytes, std::memory_order_relaxed);
  return true;
}

void node::set_limit(std::size_t bytes) noexcept {
  const std::scoped_lock lock(mutex_);
  // Leases that the new limit does not cover go back; what is in use above it is a debt.
  if (value(granted_) > bytes) drain();
  limit_.store(bytes, std::memory_order_relaxed);
}

void node::settle_after_fork() noexcept {
  const std::scoped_lock lock(mutex_);
  for_each_slot([&](slot_ref each) {
    // One that is active has a lease, even if nothing was ever charged but 0 bytes.
    if (!each.cold->active && value(each.hot->alloc) == 0 && value(each.hot->freed) == 0) return;
    activate(each, several);
    // A charge beyond the ceiling was on its way to be undone; a free beyond the mark, to be seen.
    if (!within(value(each.hot->alloc), 0, value(each.hot->ceil))) {
      each.hot->alloc.store(value(each.hot->ceil), std::memory_order_relaxed);
    }
    close(each);
  });
  raise_peak(value(granted_));  // a charge of another thread may not have been noted
}

}  // namespace zpmr::detail
