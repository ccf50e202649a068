// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <type_traits>

/// \file
/// A state of the protocol's model, and the machine that it runs on.

namespace zpmr::test::protocol {

inline constexpr int most_nodes = 3;
inline constexpr int most_threads = 3;
inline constexpr int nobody = -1;

using number = std::int8_t;  // so that a state has no padding, and can be compared as bytes

enum variable : number { nothing, alloc, freed };

struct waiting_store {
  number to = nothing;
  number value = 0;
};

struct slot_state {
  number alloc = 0, ceil = 0, freed = 0, mark = 0;
  number harvested = 0, ceil_before = 0;
  number open = 0, lowered = 0;
  std::array<waiting_store, 2> buffer;
};

enum place : number {
  idle,          // before its next operation
  storing,       // has looked at `ceil`
  second_look,   // has stored `alloc`
  look_at_mark,  // has stored `freed`
  waiting,       // for the mutex
  lowering,      // holds the mutex from here on
  fencing,
  settling,
  reading_freed,  // a reader: no mutex
  reading_alloc,
};

struct thread_state {
  number at = idle;
  number operation = 0;
  number sum = 0;  // what it stores; what a reader has seen charged
  number stored = 0;
  number visit = 0;      // how far a drain or a reader has come
  number full = nobody;  // the node that is drained
  number futile = 0;     // that node was drained, and that won nothing
  number confirmed = 0;
  number seen = 0;  // what a reader has seen freed
  number live = 0;  // what it has charged, less what anyone has begun to free of it
};

struct state {
  std::array<slot_state, most_threads> slots;
  std::array<thread_state, most_threads> threads;
  std::array<number, most_nodes> limit{}, granted{}, settled{}, in_debt{};
  number holder = nobody;

  bool operator==(const state& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(std::has_unique_object_representations_v<state>);

struct hash {
  std::size_t operator()(const state& s) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&s), sizeof s});
  }
};

struct violation : std::runtime_error {
  using runtime_error::runtime_error;
};

inline void must(bool holds, const char* what) {
  if (!holds) throw violation(what);
}

inline number to_number(int value) {
  return static_cast<number>(value);
}
inline void add(number& figure, int by) {
  figure = to_number(figure + by);
}

inline void reach_memory(slot_state& slot) {
  (slot.buffer[0].to == alloc ? slot.alloc : slot.freed) = slot.buffer[0].value;
  slot.buffer = {slot.buffer[1], waiting_store{}};
}
inline void flush(slot_state& slot) {
  while (slot.buffer[0].to != nothing) reach_memory(slot);
}
inline bool can_store(const slot_state& slot) {
  return slot.buffer[1].to == nothing;
}
inline void store(slot_state& slot, variable to, int value) {
  slot.buffer[slot.buffer[0].to == nothing ? 0 : 1] = {to, to_number(value)};
}
/// Returns: what the owner reads, who sees its own stores.
inline number own_view(const slot_state& slot, variable of) {
  number value = of == alloc ? slot.alloc : slot.freed;
  for (const waiting_store& each : slot.buffer) {
    if (each.to == of) value = each.value;
  }
  return value;
}

}  // namespace zpmr::test::protocol
