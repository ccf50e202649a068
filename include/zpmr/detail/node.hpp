// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <zpmr/detail/amount.hpp>
#include <zpmr/detail/slot.hpp>
#include <zpmr/detail/slot_table.hpp>
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/export.hpp>
#include <zpmr/memory_usage.hpp>

namespace zpmr::detail {

class node;

/// A running maximum. A node keeps one for itself, and a list of those that scopes hang on it.
struct peak_watch {
  std::atomic<std::size_t> bytes{0};
  peak_watch* next = nullptr;
};

/// Nodes with the same parent, or the roots, in the order in which they were made. Changed by the
/// writer of the shape; read by its readers, and under the tree's mutex.
struct node_list {
  std::atomic<node*> first{nullptr};
  node* last = nullptr;
  void push_back(node& added) noexcept;
  void erase(node& erased) noexcept;
};

/// What threads without a slot have charged, and trackers that are gone have left to their parent.
/// Written under the tree's mutex.
struct settled_figures {
  std::atomic<std::size_t> alloc{0};
  std::atomic<std::size_t> freed{0};
  std::atomic<std::size_t> requested{0};
  std::atomic<std::uint64_t> allocations{0};
  std::atomic<std::uint64_t> deallocations{0};
};

/// The sums over slots.
struct slot_sums {
  std::size_t freed = 0;
  std::size_t alloc = 0;
  std::size_t requested = 0;
  std::uint64_t allocations = 0;
  std::uint64_t deallocations = 0;

  /// Returns: what is in use, if no more than `granted` can be. The sums may wrap, and while others
  /// run their difference may for a moment be out of bounds: then it is the nearer bound.
  [[nodiscard]] std::size_t in_use(std::size_t granted) const noexcept {
    const std::size_t used = alloc - freed;
    if (used <= granted) return used;
    return used - granted < 0 - used ? granted : 0;
  }
};

/// Lets one charge pass one full node. Lies on the stack of that charge.
struct overdraft_grant {
  const node& full;
  overdraft_grant* earlier;
  bool crossed = false;  ///< the charge took the node from within its limit to above it
};

/// Returns: whether `granted`, or one before it, is for `full`.
[[nodiscard]] bool is_granted(const overdraft_grant* granted, const node& full) noexcept;

/// Why a charge was not added.
struct refusal {
  const node* full;
  std::size_t bytes_in_use;
  std::size_t limit;
};

/// The engine: the bytes of one tracker and its place in the tree.
///
/// A charge goes to the slot of its thread in the charged node, as far as the slot's lease reaches.
/// The slow path, under the one mutex of the tree, grants further leases on the whole path to the
/// root: `granted` of a node is what the slots below it may hold, the sum of their `ceil -
/// harvested`, and never above its limit. Before a charge is refused, all leases below the full
/// node are taken back.
class ZPMR_EXPORT node {
 public:
  node(node* parent, std::size_t limit) noexcept;
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Effects: becomes the parent's last child.
  void join() noexcept;
  /// Effects: leaves totals and counts to the parent, and takes what is in use off it. Nothing may
  /// be charged any more.
  void leave() noexcept;

  /// The fast paths.
  /// Returns: false where the slow path has to go on. `stored` is for it.
  [[gnu::always_inline]] bool charge_quickly(amount charged, bool& stored) noexcept {
    const std::uint32_t index = this_thread.index;
    // Relaxed: this thread wrote its own index there, or got the index, with acquire, from the
    // thread that did.
    if (owner_.load(std::memory_order_relaxed) == index) [[likely]] {
      return own_.charge(charged, stored);
    }
    slot* const other = other_slot(index);
    stored = false;
    return other != nullptr && other->charge(charged, stored);
  }
  [[gnu::always_inline]] bool uncharge_quickly(amount taken, bool& stored) noexcept {
    const std::uint32_t index = this_thread.index;
    if (owner_.load(std::memory_order_relaxed) == index) [[likely]] {
      stored = true;
      return own_.uncharge(taken);
    }
    slot* const other = other_slot(index);
    stored = other != nullptr;
    return stored && other->uncharge(taken);
  }

  /// The slow paths, in node_charge.cpp. `stored`: the fast path has written it to the thread's
  /// slot. Returns: nothing if the charge was added, in the manner that is told; why not,
  /// otherwise.
  std::optional<refusal> charge_slowly(amount charged, bool stored, overdraft_grant* granted,
                                       charge_manner& manner) noexcept;
  /// Returns: the bytes that were more than what was in use, and so were not taken off.
  std::size_t uncharge_slowly(amount taken, bool stored) noexcept;
  /// Effects: undoes a charge of this thread whose block never came to be.
  void cancel(amount charged, charge_manner manner) noexcept;
  void count_denied() noexcept;

  bool try_set_limit(std::size_t bytes) noexcept;
  void set_limit(std::size_t bytes) noexcept;
  [[nodiscard]] std::size_t limit() const noexcept {
    return limit_.load(std::memory_order_relaxed);
  }

  /// The reads, in node_usage.cpp. They take no lock that a charge waits for.
  [[nodiscard]] std::size_t bytes_in_use() const noexcept;
  [[nodiscard]] std::size_t peak_bytes() const noexcept;
  [[nodiscard]] memory_usage usage() const noexcept;

  void reset_peak() noexcept;
  /// Effects: starts `watch` with what is in use now, until `unwatch`.
  /// Returns: that.
  std::size_t watch(peak_watch& watch) noexcept;
  void unwatch(peak_watch& watch) noexcept;
  /// Returns: what is in use, and the most since `watch` was started.
  std::size_t bytes_in_use(peak_watch& watch) const noexcept;
  [[nodiscard]] std::size_t peak_bytes(peak_watch& watch) const noexcept;

  [[nodiscard]] node* parent() const noexcept { return parent_; }
  [[nodiscard]] const node_list& children() const noexcept { return children_; }
  [[nodiscard]] node* next() const noexcept { return next_; }

  /// Effects: in the child of a fork, takes back what other threads were about to charge.
  void settle_after_fork() noexcept;

 private:
  friend struct node_list;
  static constexpr std::uint32_t nobody_yet = no_index + 1;
  static constexpr std::uint32_t several = no_index + 2;

  /// Returns: nullptr if this thread has none here yet.
  [[gnu::always_inline]] slot* other_slot(std::uint32_t index) noexcept {
    // Acquire: the table and its chunks were filled before.
    slot_chunk* const chunk = others_.load(std::memory_order_acquire)
                                  ->chunks[index / slot_chunk::size]
                                  .load(std::memory_order_acquire);
    return chunk != nullptr ? &chunk->hot[index % slot_chunk::size] : nullptr;
  }

  [[nodiscard]] node_list& siblings() noexcept;
  bool claim_slot() noexcept;
  bool make_slot(std::uint32_t index) noexcept;

  template <class F>
  void for_each_slot(F&& f) const noexcept;
  template <class F>
  void for_each_in_path(F&& f) noexcept;
  template <class F>
  void for_each_below(F&& f) const noexcept;

  // Sums: node_usage.cpp
  void add_freed(slot_sums& sums) const noexcept;
  void add_charged(slot_sums& sums) const noexcept;
  [[nodiscard]] slot_sums sums_here() const noexcept;
  [[nodiscard]] slot_sums sums_below() const noexcept;
  [[nodiscard]] std::size_t bytes_in_use(slot_sums& sums) const noexcept;

  // From here on all under the tree's mutex.

  // Steps of the slow paths: node_charge.cpp
  slot_ref slot_at(std::uint32_t index) noexcept;
  [[nodiscard]] bool fits(std::size_t bytes) const noexcept;
  [[nodiscard]] std::size_t quantum(slot_ref own, std::size_t bytes) noexcept;
  void enter(amount charged, slot_ref own, charge_manner manner) noexcept;
  void note_crossings(overdraft_grant* granted, std::size_t bytes) noexcept;
  void conclude(slot_ref own, std::size_t unseen) noexcept;
  std::size_t mend(std::atomic<std::size_t>& freed, std::atomic<std::size_t>& requested) noexcept;
  void move_granted(std::size_t by) noexcept;
  void hand_over() noexcept;
  void forget(const node& child) noexcept;

  // Leases: node_leases.cpp
  void activate(slot_ref own, std::uint32_t thread) noexcept;
  void activate_settled() noexcept;
  std::size_t harvest(slot_ref own) noexcept;
  void close(slot_ref own) noexcept;
  void open(slot_ref own) noexcept;
  void unlist() noexcept;
  bool drain() noexcept;
  void drain_own() noexcept;
  std::size_t lower_open() noexcept;
  void settle_open(bool confirmed) noexcept;
  void settle(slot_ref open, bool confirmed) noexcept;

  // The peak: node_peak.cpp
  void raise_peak(std::size_t bytes) noexcept;
  [[nodiscard]] std::size_t least_peak() const noexcept;
  void set_exact(slot* exact, std::size_t beside) noexcept;
  [[nodiscard]] std::size_t exact_peak() const noexcept;
  [[nodiscard]] std::size_t peak_so_far(const peak_watch& watch) const noexcept;
  void lose_exact_peak() noexcept;
  void count_slot(std::uint32_t thread) noexcept;
  void keep_peak_exact(slot_ref own) noexcept;
  void restart_peak_of(slot_ref own) noexcept;
  void sample() noexcept;
  [[nodiscard]] bool charged_by_several() const noexcept;
  void sample_here() noexcept;
  void sample_below() noexcept;
  void restart_peak() noexcept;

  slot own_;  // of the first thread

  // Read by every charge.
  std::atomic<std::uint32_t> owner_{nobody_yet};

  // Under the mutex, or read without it where it is atomic.
  bool settled_active_ = false;
  bool has_open_slots_ = false;
  bool listed_ = false;  // in the parent's list of nodes with open slots in or below them
  std::atomic<slot_table*> others_{&no_slots};  // read by every charge of another thread

  std::mutex& mutex_;  // the tree's
  node* const parent_;
  std::atomic<std::size_t> limit_;
  std::atomic<std::size_t> granted_{0};
  slot_ledger own_ledger_;
  settled_figures settled_;
  std::atomic<std::uint64_t> denied_{0};
  std::atomic<std::uint64_t> overdrafts_{0};

  // mutable: to read the bytes in use raises it
  mutable peak_watch peak_;
  std::atomic<slot*> exact_{nullptr};      // the one open slot in or below it, if that is known
  std::atomic<std::size_t> beside_{0};     // what is in use beside that slot
  std::atomic<std::uint32_t> changes_{0};  // of these two; odd in between
  std::atomic<std::uint32_t> thread_{nobody_yet};  // that alone has slots here, or `several`
  std::size_t slots_ = 0;                          // in or below it
  std::size_t sample_here_ = 0;                    // what was used here at the last slow path
  std::size_t sample_ = 0;                         // the sum of those, of the nodes below it too

  node* first_open_ = nullptr;
  node* next_open_ = nullptr;
  node* previous_open_ = nullptr;
  node_list children_;
  node* previous_ = nullptr;
  node* next_ = nullptr;
};

}  // namespace zpmr::detail
