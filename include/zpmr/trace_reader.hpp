// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// Reads a trace: every allocation and deallocation, of all threads, one after the other. Nothing
/// in the file is trusted. Not part of `zpmr.hpp`: include it where needed.
///
/// Thread safety: one thread at a time uses a reader; readers are independent of each other.
///
/// \snippet record_a_trace.cpp read

namespace zpmr {

/// What an event is.
enum class trace_operation : std::uint8_t { allocation, deallocation };

/// One event of a trace. A deallocation has the bytes and alignment of its allocation.
struct trace_event {
  trace_operation operation;
  std::uint32_t thread;    ///< 0, 1, 2, ... in the order of their first chunks in the file
  std::uint32_t resource;  ///< likewise: which traced resource
  /// Which of the blocks in use: a deallocation has the number of its allocation. A number is given
  /// again after that, preferably to the thread that freed it. All numbers are below
  /// `trace_reader::block_numbers`, which is little above the most blocks that were in use at once.
  std::uint32_t block;
  std::uint64_t bytes;
  std::uint64_t alignment;        ///< a power of two
  std::chrono::nanoseconds time;  ///< since the trace began: when its thread last read the clock

  friend bool operator==(const trace_event&, const trace_event&) = default;
};

/// A file that is no trace, or one whose events cannot have happened.
/// `what()` names the file, the number of the event (the first one is 1), the fault and the remedy.
class ZPMR_EXPORT trace_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads a trace as a stream, in memory that depends on how many blocks are in use and how many
/// threads run at a time, not on how long it is.
///
/// Events come in an order that could have happened: those of a thread in their order, a
/// deallocation after its allocation, and what is given an address again after the deallocation
/// before it. docs/trace-format.md says which files can be read.
class ZPMR_EXPORT trace_reader {
 public:
  /// Effects: opens the file, which must not change while it is read.
  /// Throws: `trace_error` if it cannot be read or is no trace; `std::bad_alloc`.
  explicit trace_reader(const std::filesystem::path& file);
  ~trace_reader();

  trace_reader(const trace_reader&) = delete;
  trace_reader& operator=(const trace_reader&) = delete;

  /// Returns: the next event, or nothing at the end.
  /// Throws: `trace_error` if it cannot have happened; `std::bad_alloc`. After that there is no
  /// next.
  [[nodiscard]] std::optional<trace_event> next();

  /// Returns: how many events `next` has returned.
  [[nodiscard]] std::uint64_t events() const noexcept;

  /// Returns: a number above each `block` so far.
  [[nodiscard]] std::uint32_t block_numbers() const noexcept;

  /// Returns: how much of the file has been read, from 0 to 1.
  [[nodiscard]] double progress() const noexcept;

  /// Returns: whether the recording did not come to an end of its own: the disk was full, or the
  /// file is not all there. Known from the start for traces of zpmr.
  [[nodiscard]] bool cut_short() const noexcept;

  /// Returns: how many events were left out so far, as the file does not hold what they refer to.
  /// Always 0 unless the trace was cut short.
  [[nodiscard]] std::uint64_t left_out() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

static_assert(!std::is_copy_constructible_v<trace_reader>);
static_assert(!std::is_move_constructible_v<trace_reader>);

}  // namespace zpmr
