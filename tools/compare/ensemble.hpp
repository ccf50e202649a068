// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <semaphore>
#include <span>
#include <thread>

#include "player.hpp"
#include "step.hpp"
#include "subject.hpp"

/// \file
/// The threads of a replay. The one that calls is the first of the trace's threads, as the C
/// library treats a program's main thread, and a program with no other, in ways of their own.

namespace zpmr::compare {

/// What is measured: latencies take two looks at the clock for each operation, which is more than
/// most operations take.
enum class measure { processor_time, latencies };

class ensemble {
 public:
  ensemble(subject& on, block_places& places, measure what)
      : on_(on), places_(places), what_(what) {}
  ~ensemble();
  ensemble(const ensemble&) = delete;
  ensemble& operator=(const ensemble&) = delete;

  /// Effects: does all parts at the same time. `steps` are those of the first part, then those of
  /// the second ... A thread that is needed for the first time starts before the clock does.
  /// Returns: the times; what is resident is not looked up. If memory runs out the process ends,
  /// with `out_of_memory_status`, as other threads may wait for the block that cannot be made; with
  /// `out_of_threads_status` if a thread cannot be started.
  reading play(std::span<const batch_part> parts, std::span<const step> steps);

  /// Effects: ends all threads. Returns: the latencies of all of them.
  [[nodiscard]] latencies finish();

  static constexpr int out_of_memory_status = 3;
  static constexpr int out_of_threads_status = 4;

 private:
  struct seat {
    std::span<const step> steps;
    std::chrono::nanoseconds time{};
    std::unique_ptr<latencies> times{};  ///< 16 KiB, so only if they are measured
    std::binary_semaphore begin{0};
    std::binary_semaphore done{0};
    std::thread thread{};
  };

  void play_on(seat& one) noexcept;
  void seat_thread(seat& one);
  static void end_thread(seat& one);

  subject& on_;
  block_places& places_;
  measure what_;
  std::deque<seat> seats_;  // which stay where they are, as threads know them
};

}  // namespace zpmr::compare
