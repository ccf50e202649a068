// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/export.hpp>
#include <zpmr/memory_tracker.hpp>

/// \file
/// What a tracker, its allocator and the process held over time, taken down by a thread of its own.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet sample_over_time.cpp example

namespace zpmr {

/// What was held at one moment, in bytes; empty where it is not known.
struct usage_sample {
  std::chrono::system_clock::time_point time;
  std::size_t bytes_in_use = 0;
  std::size_t peak_bytes = 0;
  std::optional<std::size_t> limit;
  std::optional<std::size_t> allocator_resident;
  std::optional<std::size_t> process_resident;

  friend bool operator==(const usage_sample&, const usage_sample&) = default;
};

/// How often samples are taken, and how many are kept.
struct usage_sampler_options {
  std::chrono::nanoseconds interval = std::chrono::milliseconds{100};
  std::size_t capacity = 36'000;  ///< the most samples kept: an hour of the above, in 3 MB
};

/// Takes a sample when it is made, one in every interval, and one when it is stopped. Its memory is
/// bounded: when it is full, the oldest sample makes room. Nothing is allocated after construction.
///
/// In the child of a fork there is no such thread: there a sampler may only be destroyed, which
/// leaves its memory behind.
class ZPMR_EXPORT usage_sampler {
 public:
  /// Effects: takes the first sample and starts the thread.
  /// Preconditions: `tracker` and `allocator` outlive the sampler.
  /// Throws: `std::invalid_argument` if the interval is not positive or the capacity is 0;
  /// `std::bad_alloc` or `std::length_error` if there is no memory for the capacity;
  /// `std::system_error` if no thread can be started.
  usage_sampler(const memory_tracker& tracker, const allocator_resource& allocator,
                usage_sampler_options options = {});

  /// Effects: stops the thread, at once and not only at the end of an interval.
  ~usage_sampler();

  usage_sampler(const usage_sampler&) = delete;
  usage_sampler& operator=(const usage_sampler&) = delete;

  /// Effects: takes a last sample and stops the thread; the samples stay. Does nothing the second
  /// time.
  void stop() noexcept;

  /// Returns: the samples that are kept, oldest first. Throws: `std::bad_alloc`.
  [[nodiscard]] std::vector<usage_sample> samples() const;

  /// Returns: how many samples have made room for newer ones.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

  /// Effects: writes the title of each column as a line of CSV (RFC 4180).
  static void write_csv_titles(std::ostream& out);

  /// Effects: writes a line for each sample that is kept, oldest first: seconds since the epoch,
  /// the figures in bytes, the name of the tracker as UTF-8, with U+FFFD for what is not. A cell is
  /// empty where a figure is not known. The lines of several samplers may follow one line of
  /// titles. Throws: `std::bad_alloc`.
  void write_csv(std::ostream& out) const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

static_assert(!std::is_copy_constructible_v<usage_sampler>);
static_assert(!std::is_move_constructible_v<usage_sampler>);

}  // namespace zpmr
