// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>
#include <zpmr/trace_reader.hpp>

/// \file
/// What a trace says by itself, whatever it is replayed on.

namespace zpmr::compare {

/// What the user gave makes no sense, or cannot be done here.
struct bad_input : std::runtime_error {
  using runtime_error::runtime_error;
};

/// The user has pressed Ctrl-C.
struct interrupted : std::exception {};

/// Powers of two: class k holds what is above 2^(k-1), and at most 2^k.
inline constexpr std::size_t classes = 65;
[[nodiscard]] std::size_t class_of(std::uint64_t value) noexcept;

struct trace_profile {
  std::uint64_t events = 0;
  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;  ///< by all of them
  std::uint64_t bytes_in_use = 0;     ///< at the end, as the program asked for them
  std::uint64_t blocks_in_use = 0;    ///< at the end
  std::uint64_t peak_bytes = 0;
  std::uint64_t peak_at = 0;  ///< the event; the first one is 1
  std::uint64_t largest_block = 0;
  std::uint32_t block_numbers = 0;      ///< above all numbers of blocks
  std::chrono::nanoseconds duration{};  ///< of the recorded run; 0 where the trace does not say
  bool cut_short = false;
  std::uint64_t left_out = 0;  ///< events that the file does not hold all of

  std::array<std::uint64_t, classes> blocks_by_size{};
  /// Lifetimes are in events, from the allocation to the deallocation.
  std::array<std::array<std::uint64_t, classes>, classes> blocks_by_size_and_lifetime{};
  std::array<std::uint64_t, classes> never_freed_by_size{};
  std::vector<std::uint64_t> last_event_of_thread;

  [[nodiscard]] std::size_t threads() const noexcept { return last_event_of_thread.size(); }
};

/// Builds a profile, event by event.
class profiler {
 public:
  /// Throws: `bad_input` if the blocks in use are more than `available` bytes, or if one is aligned
  /// to more: allocators look for its place in as much. Its message names the event.
  explicit profiler(std::optional<std::uint64_t> available) : available_(available) {}
  void add(const trace_event& event);
  [[nodiscard]] trace_profile finished() &&;

 private:
  struct block {
    std::uint64_t since;
    std::uint64_t bytes;
    bool in_use;
  };

  void allocated(const trace_event& event);
  void freed(const trace_event& event);

  std::optional<std::uint64_t> available_;
  trace_profile profile_;
  std::vector<block> blocks_;
};

/// Returns: the memory that is free for a replay: what the machine and the control group have left,
/// in bytes. Empty where the system does not tell.
[[nodiscard]] std::optional<std::uint64_t> available_memory() noexcept;

/// Effects: reads the whole trace once. Calls `progress` with the share that is read, from time to
/// time. Throws: `trace_error`; `bad_input` as `profiler`, or if there is no event; what `progress`
/// throws.
[[nodiscard]] trace_profile profile_of(const std::filesystem::path& trace,
                                       const std::function<void(double)>& progress);

}  // namespace zpmr::compare
