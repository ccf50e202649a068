// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "trace_words.hpp"

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

/// Changes when threads have to look up sooner: so much has happened elsewhere that their order
/// numbers are old, or the recording has ended.
extern constinit std::atomic<std::uint64_t> epoch;

/// The last event of an address, for those addresses that no other has displaced. It is what makes
/// order numbers rise from thread to thread along the life of a block, without a locked
/// instruction: who finds a number that is not below its own, or another address, takes new
/// numbers, which are above all that were taken before. So a store that is lost to another address
/// does no harm. For one address there is no race: its events are ordered by the allocator that
/// hands it from thread to thread.
class last_events {
 public:
  /// Effects: makes the table; once.
  /// Returns: false if there is no memory for it.
  bool make() noexcept;

  std::atomic<std::uint64_t>& of(std::uint64_t address) const noexcept {
    return table_[address >> granule_bits & (entries - 1)];
  }

  /// An entry: the bits of the address that its place in the table does not tell, and the number.
  static constexpr std::uint64_t entry(std::uint64_t address, std::uint64_t order) noexcept {
    return tag(address) << order_bits | order;
  }
  /// Returns: whether an event of this address and number surely comes after the one in `last`.
  static constexpr bool comes_after(std::uint64_t last, std::uint64_t address,
                                    std::uint64_t order) noexcept {
    return last == 0 || (last >> order_bits == tag(address) && (last & (most_order - 1)) < order);
  }

  static constexpr unsigned order_bits = 39;
  static constexpr std::uint64_t most_order = std::uint64_t{1} << order_bits;

 private:
  static constexpr unsigned granule_bits = 4;
  static constexpr unsigned entries_bits = 23;
  static constexpr std::uint64_t entries = std::uint64_t{1} << entries_bits;

  static constexpr std::uint64_t tag(std::uint64_t address) noexcept {
    return (address >> (granule_bits + entries_bits) << granule_bits |
            (address & ((1U << granule_bits) - 1))) &
           ((std::uint64_t{1} << (64 - order_bits)) - 1);
  }

  std::atomic<std::uint64_t>* table_ = nullptr;
};

extern constinit last_events last;

/// Effects: makes the thread ready to record an event of the resource with that key.
/// Returns: false if it is not recorded: the recording has ended.
bool look_up(thread& self, std::uint64_t key) noexcept;

/// Effects: gives the thread order numbers above all that were taken.
/// Returns: false if the recording has ended.
bool take_new_numbers(thread& self) noexcept;

/// Returns: where the event's record goes, or nullptr if it is not recorded.
inline word* begin_event(thread& self, std::uint64_t key, std::uint64_t address) noexcept {
  // Relaxed, here and below: nothing else is read on the strength of it.
  if (self.key != key || self.order == self.order_end ||
      epoch.load(std::memory_order_relaxed) != self.epoch) [[unlikely]] {
    if (!look_up(self, key)) return nullptr;
  }
  std::atomic<std::uint64_t>& place = last.of(address);
  if (!last_events::comes_after(place.load(std::memory_order_relaxed), address, self.order))
      [[unlikely]] {
    if (!take_new_numbers(self)) return nullptr;
  }
  place.store(last_events::entry(address, self.order), std::memory_order_relaxed);
  ++self.order;
  return self.next;
}

/// Effects: writes the record at `at`. Its first word comes last, so that it is there completely
/// or not at all when the process is killed; the volatile store keeps that order.
inline word* write(word* at, word first) noexcept {
  *static_cast<volatile word*>(at) = first;
  return at + 1;
}
inline word* write(word* at, word first, word second) noexcept {
  static_cast<volatile word*>(at)[1] = second;
  *static_cast<volatile word*>(at) = first;
  return at + 2;
}

/// Call after the block was allocated.
inline void record_allocation(std::uint64_t key, std::uint64_t address, std::size_t bytes,
                              std::size_t alignment) noexcept {
  thread& self = this_thread;
  word* const at = begin_event(self, key, address);
  if (at == nullptr) return;
  const auto log = static_cast<unsigned>(std::countr_zero(alignment));
  if (bytes <= most_small_bytes && alignment <= most_small_alignment) [[likely]] {
    self.next = write(at, small_allocation(address, bytes, log));
  } else {
    self.next = write(at, other(other_kind::allocation, address, log), bytes);
  }
}

/// Call before the block is freed: afterwards another thread may be given it.
inline void record_deallocation(std::uint64_t key, std::uint64_t address) noexcept {
  thread& self = this_thread;
  if (word* const at = begin_event(self, key, address)) {
    self.next = write(at, deallocation(address));
  }
}

/// Returns: a key for the events of a new resource, or `thread::no_key` if no trace is recorded.
std::uint64_t new_key() noexcept;

/// Whether threads record anything under such a key.
constexpr bool is_key(std::uint64_t key) noexcept {
  return key != thread::no_key;
}

}  // namespace zpmr::detail::trace
