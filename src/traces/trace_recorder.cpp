// SPDX-License-Identifier: MIT
#include "traces/trace_recorder.hpp"

#include <algorithm>
#include <cerrno>

#include "traces/trace_recording.hpp"

namespace zpmr::detail::trace {

constinit thread_local thread this_thread;
constinit std::atomic<std::uint64_t> epoch{0};
constinit last_events last;

namespace {

constexpr std::uint64_t events_a_batch = 64;
constexpr std::uint64_t batches_an_epoch = 64;

// What the records of one event can take up: an order, a resource, and an allocation of two words.
constexpr std::size_t words_an_event = 4;
constexpr std::size_t words_before_events = 3;  // a time and a resource
constexpr std::size_t least_room = words_before_events + 8 * words_an_event;

// The first number is above 0, and numbers go on from one recording to the next: an entry of
// `last_events` that is left from before then asks nothing of anyone.
constinit std::atomic<std::uint64_t> next_order{1};
constinit std::atomic<std::uint64_t> batches{0};

std::uint64_t take_numbers(std::uint64_t count) noexcept {
  // Relaxed: the numbers of this one variable rise along everything that orders two threads.
  return next_order.fetch_add(count, std::memory_order_relaxed);
}

/// Returns: how many words there are, without the zero behind the last one.
std::size_t room(const thread& self) noexcept {
  return self.chunk.empty() ? 0 : static_cast<std::size_t>(&self.chunk.back() - self.next);
}

/// Effects: the thread has a chunk without events. Small ones first, as many threads do little. The
/// last one is used again and again: new memory costs more than all else here, in a virtual machine
/// ten times as much.
bool start_chunk(thread& self) noexcept {
  const std::size_t bytes = std::clamp(2 * self.chunk.size_bytes(), page_bytes, most_chunk_bytes);
  if (bytes > self.chunk.size_bytes() || !empty_chunk(self)) {
    let_go(self);
    self.chunk = reserve_chunk(self, bytes);
    if (self.chunk.empty()) return false;
  }
  self.key = thread::no_key;
  self.next = self.chunk.data() + chunk_header_words;
  return true;
}

/// Effects: the next 64 events of the thread are provided for.
bool start_batch(thread& self) noexcept {
  const bool complete = self.order == self.order_end;
  if (room(self) < least_room && !start_chunk(self)) return false;
  const std::uint64_t order = take_numbers(events_a_batch);
  if (order >= last_events::most_order - events_a_batch) {
    end_early(EOVERFLOW);
    return false;
  }
  self.next = write(self.next, other(other_kind::time, order), nanoseconds_since_start());
  self.order = order;
  self.order_end =
      order + std::min(events_a_batch, (room(self) - words_before_events) / words_an_event);
  // Only what was done makes an epoch. If looking up did, many threads would do nothing else.
  if (complete &&
      batches.fetch_add(1, std::memory_order_relaxed) % batches_an_epoch == batches_an_epoch - 1) {
    epoch.fetch_add(1, std::memory_order_relaxed);
  }
  const std::uint64_t now = epoch.load(std::memory_order_relaxed);
  if (recording_of(now) != self.recording) return false;
  self.epoch = now;
  return true;
}

/// Effects: the thread can record an event of the resource with that key.
/// Returns: false if it is not recorded: the recording has ended.
bool look_up(thread& self, std::uint64_t key) noexcept {
  const std::uint64_t seen = epoch.load(std::memory_order_relaxed);
  const std::uint32_t now = recording_of(seen);
  if (self.recording != now) {
    let_go(self);
    self.recording = now;
    self.number = thread::no_number;
  }
  if (now == 0 || recording_of(key) != now) return false;
  const bool stale = self.epoch != seen;
  if ((stale || self.order == self.order_end) && !start_batch(self)) return false;
  if (self.key != key) {
    self.next = write(self.next, other(other_kind::resource, resource_of(key)));
    self.key = key;
  }
  return true;
}

/// Effects: gives the thread numbers above all that were taken.
/// Returns: false if there are no more, which ends the recording.
bool take_new_numbers(thread& self) noexcept {
  const std::uint64_t left = self.order_end - self.order;
  const std::uint64_t order = take_numbers(left);
  if (order >= last_events::most_order - left) {
    end_early(EOVERFLOW);
    return false;
  }
  self.next = write(self.next, other(other_kind::order, order));
  self.order = order;
  self.order_end = order + left;
  return true;
}

bool make_ready(thread& self, std::uint64_t key, std::uint64_t address) noexcept {
  if (!look_up(self, key)) return false;
  const std::uint64_t before = last.of(address).load(std::memory_order_relaxed);
  return last_events::comes_after(before, address, self.order) || take_new_numbers(self);
}

}  // namespace

void record_allocation_slowly(std::uint64_t key, std::uint64_t address, std::size_t bytes,
                              std::size_t alignment) noexcept {
  thread& self = this_thread;
  if (make_ready(self, key, address)) write_allocation(self, address, bytes, alignment);
}

void record_deallocation_slowly(std::uint64_t key, std::uint64_t address) noexcept {
  thread& self = this_thread;
  if (make_ready(self, key, address)) write_deallocation(self, address);
}

void let_go(thread& self) noexcept {
  if (!self.chunk.empty()) release(self.chunk);
  self.chunk = {};
  self.next = nullptr;
  self.key = thread::no_key;
  self.order = self.order_end = 0;
}

}  // namespace zpmr::detail::trace
