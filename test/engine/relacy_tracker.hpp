// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <zpmr/detail/slot.hpp>

// After all standard headers: it has macros for `new`, `assert` and more.
#include <relacy/relacy.hpp>

/// \file
/// The real slot under Relacy, which runs a few threads in every order that a bounded number of
/// preemptions allows, and lets each load return every value that the C++ memory model permits it:
/// weaker machines than this one too. Relacy knows no asymmetric fence, so both halves are
/// sequentially consistent fences here; protocol_model.hpp follows the asymmetric one. The holder
/// of the mutex is played by a small copy of src/tracking/node.cpp and
/// src/tracking/node_leases.cpp.

namespace zpmr::test {

using detail::amount;
using detail::basic_slot;

/// What is left out, to see that the test would notice.
enum class without { nothing, first_look, second_look, fence, second_reading, release, mark };

/// std::atomic's interface, as far as slots use it.
template <class T, without Left_out>
class relacy_atomic {
 public:
  relacy_atomic(T value) : value_(value) {}
  T load(std::memory_order order) const {
    return value_.load(order == std::memory_order::relaxed ? rl::mo_relaxed : rl::mo_acquire, $);
  }
  void store(T value, std::memory_order order) {
    const bool releases = order != std::memory_order::relaxed && Left_out != without::release;
    value_.store(value, releases ? rl::mo_release : rl::mo_relaxed, $);
  }

 private:
  rl::atomic<T> value_;
};

template <without Left_out>
struct relacy_sync {
  template <class T>
  using atomic = relacy_atomic<T, Left_out>;
  static void light_fence() {
    if (Left_out != without::fence) rl::atomic_thread_fence(rl::mo_seq_cst, $);
  }
  template <class T>
  static void add(atomic<T>& figure, T by) {
    figure.store(figure.load(std::memory_order::relaxed) + by, std::memory_order::relaxed);
  }
};

constexpr auto relaxed = std::memory_order::relaxed;
constexpr auto acquire = std::memory_order::acquire;

/// One capped tracker, and its slots. What is not a slot's is used under the mutex only.
template <unsigned Threads, without Left_out>
class tracker {
 public:
  using slot = basic_slot<relacy_sync<Left_out>>;

  explicit tracker(std::size_t limit) : limit_(limit) {}

  bool charge(unsigned index, std::size_t bytes) {
    bool stored = false;
    truth_[index].charging = bytes;
    const bool charged = charge_quickly(slots_[index], {bytes, bytes, 1}, stored) ||
                         charge_slowly(index, bytes, stored);
    truth_[index].charging = 0;
    if (charged) {
      truth_[index].charged += bytes;
      in_use_ += bytes;
      RL_ASSERT(in_use_ <= limit_);
    }
    return charged;
  }

  void uncharge(unsigned index, std::size_t bytes) {
    in_use_ -= bytes;
    truth_[index].freeing = bytes;
    if (!slots_[index].uncharge({bytes, bytes, 1}) && Left_out != without::mark) {
      uncharge_slowly(index, bytes);
    }
    truth_[index].freeing = 0;
  }

  /// As node_usage.cpp: first all that was freed.
  void read(std::size_t unseen_leases) {
    std::size_t freed = 0;
    std::size_t alloc = 0;
    for (slot& each : slots_) freed += each.freed.load(acquire);
    for (slot& each : slots_) alloc += std::min(each.alloc.load(relaxed), each.ceil.load(relaxed));
    // While a drain looks at leases, as much may be seen freed that is not seen charged.
    RL_ASSERT(alloc + unseen_leases * lease_bytes >= freed);
  }

  void check_at_rest() {
    std::size_t used = 0;
    std::size_t leased = 0;
    std::uint64_t blocks = 0;
    for (unsigned i = 0; i < Threads; ++i) {
      used += slots_[i].alloc.load(relaxed) - slots_[i].freed.load(relaxed);
      leased += slots_[i].ceil.load(relaxed) - ledgers_[i].harvested;
      blocks += slots_[i].allocations.load(relaxed) - slots_[i].deallocations.load(relaxed);
    }
    RL_ASSERT(used == in_use_);
    RL_ASSERT(leased == granted_);
    RL_ASSERT(used <= granted_ && granted_ <= limit_);
    RL_ASSERT((blocks == 0) == (used == 0));
  }

 private:
  static constexpr std::size_t lease_bytes = 2;

  struct ledger {
    std::size_t harvested = 0;
    std::size_t ceil_before = 0;
    bool open = false;
  };

  bool charge_quickly(slot& own, amount amount, bool& stored) {
    if (Left_out == without::first_look) {
      const std::size_t sum = own.alloc.load(relaxed) + amount.bytes;
      own.alloc.store(sum, relaxed);
      stored = true;
      relacy_sync<Left_out>::light_fence();
      if (sum > own.ceil.load(relaxed)) return false;
      own.count_allocation(amount, sum);
      return true;
    }
    return own.charge(amount, stored) || (Left_out == without::second_look && stored);
  }

  bool charge_slowly(unsigned index, std::size_t bytes, bool stored) {
    mutex_.lock($);
    slot& own = slots_[index];
    bool charged = stored && own.alloc.load(relaxed) <= own.ceil.load(relaxed);
    if (charged) {
      own.count_allocation({bytes, bytes, 1}, own.alloc.load(relaxed));
    } else {
      if (stored) own.alloc.store(own.alloc.load(relaxed) - bytes, relaxed);
      close(index);
      charged = fits(bytes) || (drain() && fits(bytes));
      charged ? enter(index, bytes) : check_refusal(index);
    }
    mutex_.unlock($);
    return charged;
  }

  void set_ceil(unsigned index, std::size_t ceil) {
    slots_[index].ceil.store(ceil, relaxed);
    truth_[index].ceil = ceil;
  }

  bool fits(std::size_t bytes) { return granted_ <= limit_ && bytes <= limit_ - granted_; }

  void enter(unsigned index, std::size_t bytes) {
    slot& own = slots_[index];
    const std::size_t lease = limit_ - granted_ >= bytes + lease_bytes ? lease_bytes : 0;
    const std::size_t sum = own.alloc.load(relaxed) + bytes;
    own.alloc.store(sum, relaxed);
    set_ceil(index, sum + lease);
    own.count_allocation({bytes, bytes, 1}, sum);
    granted_ += bytes + lease;
    conclude(index, lease);
  }

  /// What is granted is in use, or being freed, or being charged within a lease.
  void check_refusal(unsigned index) {
    std::size_t most = in_use_;
    for (unsigned i = 0; i < Threads; ++i) {
      const truth& each = truth_[i];
      const bool borne = each.charged + each.charging <= each.ceil;
      most += each.freeing + (i != index && borne ? each.charging : 0);
    }
    RL_ASSERT(granted_ <= most);
  }

  void uncharge_slowly(unsigned index, std::size_t bytes) {
    mutex_.lock($);
    slots_[index].count_deallocation({bytes, bytes, 1});
    granted_ -= harvest(index);
    conclude(index, limit_ - granted_ >= lease_bytes ? lease_bytes : 0);
    mutex_.unlock($);
  }

  std::size_t harvest(unsigned index) {
    const std::size_t freed = slots_[index].freed.load(acquire);
    slots_[index].mark.store(freed, relaxed);
    return freed - std::exchange(ledgers_[index].harvested, freed);
  }

  void close(unsigned index) {
    slot& own = slots_[index];
    const std::size_t alloc = own.alloc.load(relaxed);
    const std::size_t lease = own.ceil.load(relaxed) - alloc;
    set_ceil(index, alloc);
    ledgers_[index].open = false;
    granted_ -= lease + harvest(index);
  }

  void conclude(unsigned index, std::size_t unseen) {
    slot& own = slots_[index];
    own.mark.store(own.freed.load(relaxed) + unseen, relaxed);
    if (own.ceil.load(relaxed) != own.alloc.load(relaxed) || unseen != 0) {
      ledgers_[index].open = true;
    }
  }

  bool drain() {
    bool any = false;
    for (unsigned i = 0; i < Threads; ++i) {
      if (!ledgers_[i].open) continue;
      slot& each = slots_[i];
      ledgers_[i].ceil_before = each.ceil.load(relaxed);
      each.ceil.store(std::min(ledgers_[i].ceil_before, each.alloc.load(relaxed)), relaxed);
      each.mark.store(ledgers_[i].harvested, relaxed);
      any = true;
    }
    if (Left_out != without::fence) rl::atomic_thread_fence(rl::mo_seq_cst, $);
    for (unsigned i = 0; i < Threads; ++i) {
      if (!ledgers_[i].open) continue;
      slot& each = slots_[i];
      const std::size_t before = ledgers_[i].ceil_before;
      const std::size_t used =
          Left_out == without::second_reading ? each.ceil.load(relaxed) : each.alloc.load(relaxed);
      const std::size_t ceil = std::min(before, used);
      set_ceil(i, ceil);
      granted_ -= before - ceil + harvest(i);
      ledgers_[i].open = false;
    }
    return any;
  }

  const std::size_t limit_;
  slot slots_[Threads];
  ledger ledgers_[Threads];
  rl::mutex mutex_;
  std::size_t granted_ = 0;

  // What is true, kept by whoever runs: that is one thread at a time.
  struct truth {
    std::size_t charged = 0;
    std::size_t charging = 0;
    std::size_t freeing = 0;
    std::size_t ceil = 0;
  };
  truth truth_[Threads];
  std::size_t in_use_ = 0;
};

}  // namespace zpmr::test
