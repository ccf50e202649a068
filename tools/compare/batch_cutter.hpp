// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>
#include <zpmr/trace_reader.hpp>

#include "step.hpp"
#include "trace_profile.hpp"

/// \file
/// Cuts a trace into batches. Within one, threads run freely, but for a block that one of them
/// allocates and another one frees. Between two, all wait for each other, so that no thread runs
/// far ahead of where it was in the recorded run, and the bytes in use are known exactly.

namespace zpmr::compare {

struct batch {
  batch_header header;
  std::vector<batch_part> parts;
  std::vector<step> steps;
};

class batch_cutter {
 public:
  /// The profile must live as long.
  batch_cutter(const trace_profile& profile, std::size_t batch_steps);

  [[nodiscard]] replay_shape shape() const noexcept;

  /// Preconditions: the batch is not full.
  /// Throws: `bad_input` if the event cannot be of the trace that the profile is of.
  void add(const trace_event& event);
  [[nodiscard]] bool is_full() const noexcept { return steps_ == batch_steps_; }
  [[nodiscard]] bool is_empty() const noexcept { return steps_ == 0; }

  /// Returns: the events since the last cut. A new batch begins.
  [[nodiscard]] batch cut();

  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  [[nodiscard]] std::uint64_t bytes_in_use() const noexcept { return bytes_in_use_; }
  [[nodiscard]] std::uint64_t blocks_in_use() const noexcept { return blocks_in_use_; }

 private:
  /// What is known of a thread that has a seat.
  struct seat {
    std::vector<step> steps;            // of this batch
    std::vector<std::uint32_t> places;  // that it emptied in this batch: for itself only until then
    std::optional<std::uint32_t> thread;
  };

  struct block {
    std::uint32_t place;
    std::uint32_t seat;
    std::uint32_t step;
    std::uint64_t batch;
  };

  std::uint32_t seat_of(std::uint32_t thread);
  std::uint32_t free_place(seat& of);
  void allocated(const trace_event& event, std::uint32_t seat_number);
  void freed(const trace_event& event, std::uint32_t seat_number);
  after_batch leave_or_stay(seat& one, std::uint32_t seat_number);

  const trace_profile& profile_;
  std::size_t batch_steps_;
  std::size_t steps_ = 0;
  std::uint64_t batches_ = 0;
  std::uint32_t handed_over_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_in_use_ = 0;
  std::uint64_t blocks_in_use_ = 0;
  std::vector<seat> seats_;
  std::vector<std::uint32_t> free_seats_;
  std::vector<std::optional<std::uint32_t>> seat_of_thread_;
  std::vector<block> blocks_;               // by number
  std::vector<std::uint32_t> free_places_;  // for everyone
  std::uint32_t places_ = 0;
};

}  // namespace zpmr::compare
