// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/detail/node.hpp>

/// \file
/// What the sources of `node` share.

namespace zpmr::detail {

template <class T>
T value(const std::atomic<T>& figure) noexcept {
  return figure.load(std::memory_order_relaxed);
}

/// No locked instruction: the tree's mutex, or owning the slot, makes this thread the only writer.
template <class T>
void increase(std::atomic<T>& figure, T by) noexcept {
  figure.store(value(figure) + by, std::memory_order_relaxed);
}
/// Release: who sees a block freed must see it charged.
inline void increase_freed(std::atomic<std::size_t>& freed, std::size_t by) noexcept {
  freed.store(value(freed) + by, std::memory_order_release);
}
template <class T>
void decrease(std::atomic<T>& figure, T by) noexcept {
  increase(figure, T{0} - by);
}

/// For maxima that readers raise too, without the mutex.
inline void raise(std::atomic<std::size_t>& maximum, std::size_t bytes) noexcept {
  std::size_t most = value(maximum);
  // Relaxed: who hears of the value that a read returned hears of the peak in the same way.
  while (most < bytes && !maximum.compare_exchange_weak(most, bytes, std::memory_order_relaxed)) {
  }
}

template <class F>
void node::for_each_in_path(F&& f) noexcept {
  for (node* each = this; each != nullptr; each = each->parent_) f(*each);
}

template <class F>
void node::for_each_below(F&& f) const noexcept {
  f(*this);
  for (const node* each = value(children_.first); each != nullptr; each = each->next_) {
    each->for_each_below(f);
  }
}

/// Those of threads that have been here, whether they still run or not.
template <class F>
void node::for_each_slot(F&& f) const noexcept {
  auto& self = const_cast<node&>(*this);
  f(slot_ref{&self.own_, &self.own_ledger_});
  const slot_table* const table = others_.load(std::memory_order_acquire);
  if (table == &no_slots) return;
  for (const std::atomic<slot_chunk*>& each : table->chunks) {
    slot_chunk* const chunk = each.load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    for (std::uint32_t i = 0; i < slot_chunk::size; ++i)
      f(slot_ref{&chunk->hot[i], &chunk->cold[i]});
  }
}

}  // namespace zpmr::detail
