// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "traces/trace_words.hpp"

/// \file
/// How events get into a trace: into a chunk of the file that the thread has for itself. Once in 64
/// events it looks up, reads the clock and takes the next 64 order numbers.

namespace zpmr::detail::trace {

/// What the recording knows of a thread. Constant-initialised and trivially destroyed, as the
/// engine's `thread_state`, and for its reasons.
struct thread {
  std::uint64_t key = no_key;   ///< of the resource whose events are recorded now
  word* next = nullptr;         ///< where the next record goes; there is room up to `order_end`
  std::uint64_t order = 0;      ///< of the next event
  std::uint64_t order_end = 0;  ///< where the numbers that this thread took end
  std::uint64_t epoch = 0;      ///< when it took them
  std::span<word> chunk;
  std::uint32_t recording = 0;  ///< that `number` is of
  std::uint32_t number = no_number;

  static constexpr std::uint64_t no_key = ~std::uint64_t{0};
  static constexpr std::uint32_t no_number = ~std::uint32_t{0};
};

// Initial-exec, as the default model of a shared library calls a function for each access.
extern constinit thread_local thread this_thread [[gnu::tls_model("initial-exec")]];

/// The number of the recording that goes on, in the high half; 0 is none. It changes also when so
/// much has happened that the order numbers of threads which did nothing have become old.
///
/// This one variable tells that a recording has ended. So once an event was not recorded for it, no
/// event is that follows from it, on whatever thread: who was handed the block reads the same.
extern constinit std::atomic<std::uint64_t> epoch;

constexpr std::uint32_t recording_of(std::uint64_t key_or_epoch) noexcept {
  return static_cast<std::uint32_t>(key_or_epoch >> 32);
}

/// The last event of an address, for those addresses that no other has displaced. It is what makes
/// order numbers rise from thread to thread along the life of a block, without a locked
/// instruction: who finds a number that is not below its own, or another address, takes new
/// numbers, which are above all that were taken before. So a store that is lost to another address
/// does no harm. For one address there is no race: its events are ordered by the allocator that
/// hands it from thread to thread.
class last_events {
 public:
  /// Effects: makes the table, unless it is there. Preconditions: nobody else does.
  /// Returns: false if there is no memory for it.
  bool make() noexcept;

  std::atomic<std::uint64_t>& of(std::uint64_t address) const noexcept {
    return table_[address >> granule_bits & (entries - 1)];
  }

  /// An entry: the bits of the address that its place in the table does not tell, and the number.
  static constexpr std::uint64_t entry(std::uint64_t address, std::uint64_t order) noexcept {
    return tag(address) + order;
  }
  /// Returns: whether an event of this address and number surely comes after the one in `last`.
  static constexpr bool comes_after(std::uint64_t last, std::uint64_t address,
                                    std::uint64_t order) noexcept {
    // Of another address, the difference is above all numbers.
    return last - tag(address) < order || last == 0;
  }

  static constexpr unsigned order_bits = 39;
  static constexpr std::uint64_t most_order = std::uint64_t{1} << order_bits;

 private:
  static constexpr unsigned granule_bits = 4;
  static constexpr unsigned entries_bits = 23;
  static constexpr std::uint64_t entries = std::uint64_t{1} << entries_bits;

  static constexpr std::uint64_t tag(std::uint64_t address) noexcept {
    constexpr unsigned high_bits = order_bits + granule_bits;
    return address >> (granule_bits + entries_bits) << high_bits |
           (address & ((1U << granule_bits) - 1)) << order_bits;
  }

  std::atomic<std::uint64_t>* table_ = nullptr;
};

extern constinit last_events last;

/// Returns: whether an event can be recorded at once.
inline bool is_ready(const thread& self, std::uint64_t key, std::uint64_t address) noexcept {
  // Relaxed: nothing else is read on the strength of it.
  return self.key == key && self.order != self.order_end &&
         epoch.load(std::memory_order_relaxed) == self.epoch &&
         last_events::comes_after(last.of(address).load(std::memory_order_relaxed), address,
                                  self.order);
}

/// Effects: writes the record at `at`, with a zero behind it, as the chunk may have been used
/// before. Its first word comes last, so that it is there completely or not at all when the process
/// is killed; the volatile stores keep that order.
inline word* write(word* at, word first) noexcept {
  static_cast<volatile word*>(at)[1] = 0;
  *static_cast<volatile word*>(at) = first;
  return at + 1;
}
inline word* write(word* at, word first, word second) noexcept {
  static_cast<volatile word*>(at)[2] = 0;
  static_cast<volatile word*>(at)[1] = second;
  *static_cast<volatile word*>(at) = first;
  return at + 2;
}

/// Effects: the event has its number.
inline void take_place(thread& self, std::uint64_t address) noexcept {
  // Relaxed: see `last_events`.
  last.of(address).store(last_events::entry(address, self.order), std::memory_order_relaxed);
  ++self.order;
}

/// Preconditions: the thread is ready.
inline void write_allocation(thread& self, std::uint64_t address, std::size_t bytes,
                             std::size_t alignment) noexcept {
  take_place(self, address);
  const auto log = static_cast<unsigned>(std::countr_zero(alignment));
  if (bytes <= most_small_bytes && alignment <= most_small_alignment) [[likely]] {
    self.next = write(self.next, small_allocation(address, bytes, log));
  } else {
    self.next = write(self.next, other(other_kind::allocation, address, log), bytes);
  }
}
inline void write_deallocation(thread& self, std::uint64_t address) noexcept {
  take_place(self, address);
  self.next = write(self.next, deallocation(address));
}

/// All but the fast path, and out of its registers.
void record_allocation_slowly(std::uint64_t key, std::uint64_t address, std::size_t bytes,
                              std::size_t alignment) noexcept;
void record_deallocation_slowly(std::uint64_t key, std::uint64_t address) noexcept;

/// Call after the block was allocated.
inline void record_allocation(std::uint64_t key, std::uint64_t address, std::size_t bytes,
                              std::size_t alignment) noexcept {
  thread& self = this_thread;
  if (!is_ready(self, key, address)) [[unlikely]] {
    return record_allocation_slowly(key, address, bytes, alignment);
  }
  write_allocation(self, address, bytes, alignment);
}

/// Call before the block is freed: afterwards another thread may be given it.
inline void record_deallocation(std::uint64_t key, std::uint64_t address) noexcept {
  thread& self = this_thread;
  if (!is_ready(self, key, address)) [[unlikely]] {
    return record_deallocation_slowly(key, address);
  }
  write_deallocation(self, address);
}

/// Returns: a key for the events of a new resource, or `thread::no_key` if no trace is recorded.
std::uint64_t new_key() noexcept;

}  // namespace zpmr::detail::trace
