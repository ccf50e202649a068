// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <zpmr/detail/slot.hpp>
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/export.hpp>

namespace zpmr::detail {

/// The part of a slot that the fast path does not touch. Under the tree's mutex.
struct slot_ledger {
  std::size_t harvested = 0;    ///< of `freed`: taken off what is granted
  std::size_t ceil_before = 0;  ///< while `ceil` is lowered
  bool active = false;          ///< has ever been used
  bool open = false;            ///< has a lease, or may free without being seen
};

struct slot_ref {
  slot* hot = nullptr;
  slot_ledger* cold = nullptr;
  explicit operator bool() const noexcept { return hot != nullptr; }
};

/// The slots of the threads that came after the first. Chunks are made as threads come.
struct slot_chunk {
  static constexpr std::uint32_t size = 8;
  std::array<slot, size> hot;
  std::array<slot_ledger, size> cold;
};
struct slot_table {
  // One more, which stays null: a thread without an index finds nothing, and needs no question.
  std::array<std::atomic<slot_chunk*>, max_indexes / slot_chunk::size + 1> chunks{};
};
static_assert(no_index == max_indexes);

/// The table of a tracker that only one thread has charged.
ZPMR_EXPORT extern constinit slot_table no_slots;

}  // namespace zpmr::detail
