// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <zpmr/detail/amount.hpp>

namespace zpmr::detail {

/// The atomics of a real machine. The tests put others in their place, to explore interleavings.
struct native_sync {
  template <class T>
  using atomic = std::atomic<T>;

  /// The cheap half of an asymmetric fence; the expensive half is `heavy_fence`, on the other
  /// thread. The pair orders this thread's store before its next load, as seen by that thread.
  static void light_fence() noexcept { std::atomic_signal_fence(std::memory_order::seq_cst); }

  /// Effects: adds to a figure that only this thread writes: no locked instruction.
  template <class T>
  [[gnu::always_inline]] static void add(std::atomic<T>& figure, T by) noexcept {
#if defined(__x86_64__) && defined(__LP64__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
    // g++ keeps the load, the sum and the store of an atomic apart; clang makes them one.
    static_assert(sizeof figure == 8);
    asm("addq %1, %0" : "+m"(figure) : "er"(by) : "cc");
#else
    figure.store(figure.load(std::memory_order::relaxed) + by, std::memory_order::relaxed);
#endif
  }
};

/// Returns: whether `sum` may grow by `bytes` and not pass `bound`. Both may wrap; their distance,
/// which a lease bounds, does not. Preconditions: `bytes <= PTRDIFF_MAX`.
constexpr bool within(std::size_t sum, std::size_t bytes, std::size_t bound) noexcept {
  // Cheaper, where the compiler knows that they are few; with many, the difference could wrap.
  if (bytes <= UINT16_MAX) return static_cast<std::ptrdiff_t>(bound - (sum + bytes)) >= 0;
  return static_cast<std::ptrdiff_t>(bound - sum) >= static_cast<std::ptrdiff_t>(bytes);
}

/// What one thread charges to one tracker: one cache line that only it writes, but for `ceil` and
/// `mark`, which only the holder of the tree's mutex writes.
///
/// `ceil - alloc` is the lease: granted by every tracker of the path, and not yet used. On the
/// fast path `alloc` and `freed` only grow, and a lease is taken back by lowering `ceil`: no flag,
/// no second truth. They may wrap; only their distances count. docs/engine.md says why that is
/// enough.
///
/// Relaxed unless it says why not: no other data hangs on the value.
template <class Sync>
struct alignas(64) basic_slot {
  template <class T>
  using atomic = typename Sync::template atomic<T>;

  atomic<std::size_t> alloc{0};      ///< bytes ever charged
  atomic<std::size_t> ceil{0};       ///< beyond this, `alloc` goes the slow path
  atomic<std::size_t> freed{0};      ///< bytes ever uncharged
  atomic<std::size_t> mark{0};       ///< beyond this, `freed` goes the slow path
  atomic<std::size_t> peak{0};       ///< the most that `alloc - freed` has been
  atomic<std::size_t> requested{0};  ///< bytes, less those given back; may wrap, the sum does not
  atomic<std::uint64_t> allocations{0};
  atomic<std::uint64_t> deallocations{0};

  /// Asks, stores, and asks again: a holder of the mutex that has lowered `ceil` and passed its
  /// heavy fence either sees this charge, or this charge sees the lowered `ceil`. The first
  /// question keeps `alloc` from ever passing the lease, or what is taken back would not be all
  /// that is unused. Returns: false if it is beyond `ceil`. The slow path decides then, and undoes
  /// what is `stored`.
  [[gnu::always_inline]] bool charge(amount charged, bool& stored) noexcept {
    const std::size_t before = alloc.load(std::memory_order::relaxed);
    stored = within(before, charged.bytes, ceil.load(std::memory_order::relaxed));
    if (!stored) [[unlikely]]
      return false;
    const std::size_t sum = before + charged.bytes;
    alloc.store(sum, std::memory_order::relaxed);
    Sync::light_fence();
    if (!within(sum, 0, ceil.load(std::memory_order::relaxed))) [[unlikely]]
      return false;
    count_allocation(charged, sum);
    return true;
  }

  /// Returns: false if it is beyond `mark`; then the slow path has to settle it, and to count it.
  [[gnu::always_inline]] bool uncharge(amount taken) noexcept {
    const std::size_t before = freed.load(std::memory_order::relaxed);
    // Release: who sees this block freed sees it charged, on whichever slot that was.
    freed.store(before + taken.bytes, std::memory_order::release);
    Sync::light_fence();
    if (!within(before, taken.bytes, mark.load(std::memory_order::relaxed))) [[unlikely]]
      return false;
    count_deallocation(taken);
    return true;
  }

  /// `sum` is `alloc`.
  [[gnu::always_inline]] void count_allocation(amount charged, std::size_t sum) noexcept {
    Sync::add(allocations, charged.operations);
    Sync::add(requested, charged.requested_bytes);
    const std::size_t used = sum - freed.load(std::memory_order::relaxed);
    // As distances: it is below 0 where this thread has freed what others charged.
    if (!within(used, 0, peak.load(std::memory_order::relaxed))) [[unlikely]] {
      peak.store(used, std::memory_order::relaxed);
    }
  }

  [[gnu::always_inline]] void count_deallocation(amount taken) noexcept {
    Sync::add(deallocations, taken.operations);
    Sync::add(requested, 0 - taken.requested_bytes);
  }

  [[nodiscard]] std::size_t in_use() const noexcept {
    return alloc.load(std::memory_order::relaxed) - freed.load(std::memory_order::relaxed);
  }
};

using slot = basic_slot<native_sync>;

static_assert(sizeof(slot) == 64);

}  // namespace zpmr::detail
