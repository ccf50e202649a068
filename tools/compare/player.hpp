// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "operations.hpp"
#include "step.hpp"

/// \file
/// One thread's part of a batch, done on a memory resource.
///
/// Where nothing tells which step comes next, the processor guesses wrong every second time, and
/// that takes longer than all else that the replay does. So several steps are looked at together:
/// for each way in which allocating and freeing can follow each other there is a function of its
/// own, and one guess for all of them.

namespace zpmr::compare {

/// Where the addresses of blocks are kept between allocating and freeing.
///
/// Thread safety: a place belongs to one thread at a time within a batch; the trace was cut so.
/// A place of those handed over has one thread that fills it and one that empties it.
struct block_places {
  block_places(std::size_t blocks, std::size_t handed_over) : own(blocks), handed(handed_over) {}

  std::vector<void*> own;
  std::vector<std::atomic<void*>> handed;  ///< empty between batches
};

/// Returns: the processor time that this thread has had.
[[nodiscard]] std::chrono::nanoseconds thread_time() noexcept;

/// Returns: the block that another thread hands over here, and what waiting for it took, added to
/// `waited`. The place is empty afterwards.
[[nodiscard]] void* taken_over(std::atomic<void*>& place,
                               std::chrono::nanoseconds& waited) noexcept;

/// Effects: does the step, which is of a thread's own block.
template <action what, class Operations>
void do_own(const step& each, void** own, Operations& on) {
  if constexpr (what == action::allocate) {
    own[each.place] = touched_block(each, on);
  } else {
    on.free(own[each.place], each);
  }
}

/// So many steps are looked at together. With more, there are more functions than a processor
/// keeps at hand; with fewer, it guesses more often.
inline constexpr std::size_t group_steps = 6;

/// Returns: which of the steps free, a bit for each. With a bit above these, a block of them is
/// handed over.
[[nodiscard]] inline std::size_t kinds_of_group(const step* steps) noexcept {
  static_assert(static_cast<int>(action::allocate) == 0 && static_cast<int>(action::free) == 1);
  std::size_t kinds = 0;
  for (std::size_t i = 0; i < group_steps; ++i) {
    const auto what = static_cast<std::size_t>(steps[i].what);
    kinds |= (what & 1U) << i | what >> 1U << group_steps;
  }
  return kinds;
}

/// Effects: does a group of steps of these kinds.
template <std::size_t kinds, class Operations, std::size_t... i>
void play_kinds(const step* steps, void** own, Operations on, std::index_sequence<i...>) {
  (do_own<static_cast<action>(kinds >> i & 1U)>(steps[i], own, on), ...);
}

template <std::size_t kinds, class Operations>
void play_group(const step* steps, void** own, Operations on) {
  play_kinds<kinds>(steps, own, on, std::make_index_sequence<group_steps>());
}

/// Returns: `play_group` for all kinds, in their order.
template <class Operations, std::size_t... kinds>
constexpr auto group_players(std::index_sequence<kinds...>) {
  return std::array{&play_group<kinds, Operations>...};
}

/// Effects: does any steps, one by one. Returns: how long it waited.
template <class Operations>
std::chrono::nanoseconds play_singly(std::span<const step> steps, block_places& places,
                                     Operations on) {
  std::chrono::nanoseconds waited{};
  for (const step& each : steps) {
    switch (each.what) {
      case action::allocate:
        do_own<action::allocate>(each, places.own.data(), on);
        break;
      case action::free:
        do_own<action::free>(each, places.own.data(), on);
        break;
      case action::allocate_and_hand_over:
        // The other thread sees what was written to the block, and the allocator's notes on it.
        places.handed[each.place].store(touched_block(each, on), std::memory_order_release);
        break;
      case action::take_over_and_free:
        on.free(taken_over(places.handed[each.place], waited), each);
        break;
    }
  }
  return waited;
}

/// Effects: does the steps. Returns: how long it waited for other threads.
/// Throws: what allocating throws; then the rest is not done.
template <class Operations>
std::chrono::nanoseconds play(std::span<const step> steps, block_places& places, Operations on) {
  static constexpr auto players =
      group_players<Operations>(std::make_index_sequence<std::size_t{1} << group_steps>());
  std::chrono::nanoseconds waited{};
  void** const own = places.own.data();
  for (; steps.size() >= group_steps; steps = steps.subspan(group_steps)) {
    const std::size_t kinds = kinds_of_group(steps.data());
    if (kinds < players.size()) {
      players[kinds](steps.data(), own, on);
    } else {
      waited += play_singly(steps.first(group_steps), places, on);
    }
  }
  return waited + play_singly(steps, places, on);
}

}  // namespace zpmr::compare
