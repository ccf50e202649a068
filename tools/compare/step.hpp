// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

/// \file
/// What the process that reads the trace and the one that replays it say to each other. Both are
/// the same program, so they are sent as they lie in memory.

namespace zpmr::compare {

enum class action : std::uint8_t {
  allocate,
  free,
  /// The block is freed by another thread in the same batch, so that one has to wait for it.
  allocate_and_hand_over,
  take_over_and_free,
};

/// One operation of one thread.
struct step {
  std::uint64_t bytes;
  std::uint32_t place;  ///< where the block's address is kept, or handed over
  action what;
  std::uint8_t alignment_log2;

  [[nodiscard]] std::size_t alignment() const noexcept { return std::size_t{1} << alignment_log2; }
};
static_assert(sizeof(step) == 16, "the replay reads them one after another");

/// What a replay must have room for.
struct replay_shape {
  std::uint64_t places;         ///< for blocks in use
  std::uint64_t batch_steps;    ///< the most that a batch has
  std::uint64_t largest_block;  ///< in bytes
};

/// Begins a batch: steps that threads do side by side, before all of them wait for each other. None
/// has parts after the last one. The parts follow, then the steps of each part in that order.
struct batch_header {
  std::uint32_t parts;
  std::uint32_t handed_over;  ///< blocks; their places count from 0
};

enum class after_batch : std::uint32_t { thread_goes_on, thread_ends };

/// What one thread does in a batch.
struct batch_part {
  std::uint32_t seat;  ///< of a thread; used again when that has ended. Seat 0 is the main thread.
  std::uint32_t steps;
  after_batch then;
};

/// What a batch took, and what the process has after it.
struct reading {
  std::chrono::nanoseconds processor_time{};  ///< of all threads, without waiting for each other
  std::chrono::nanoseconds elapsed{};
  std::optional<std::size_t> resident;
  std::optional<std::size_t> peak_resident;  ///< since the process began
};

static_assert(std::is_trivially_copyable_v<step>);
static_assert(std::is_trivially_copyable_v<replay_shape>);
static_assert(std::is_trivially_copyable_v<reading>);

}  // namespace zpmr::compare
