// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <zpmr/trace_reader.hpp>

/// \file
/// What the formats of traces have in common for the reader.

namespace zpmr::detail::trace {

/// An event as a file has it, unchecked but for what the file's own form demands.
struct raw_event {
  trace_operation operation;
  std::uint32_t thread;
  std::uint32_t resource;
  std::uint64_t address;
  std::uint64_t bytes;  ///< this and the next: of allocations only
  std::uint64_t alignment;
  std::chrono::nanoseconds time;
};

/// What may be wrong with the events of a file that is right as far as it goes.
enum class gaps {
  none,
  lost_events,         ///< of which others speak
  late_deallocations,  ///< recorded when the address was in use again; and lost events
};

class source {
 public:
  virtual ~source() = default;
  /// Returns: whether there is a next event, which is then in `event`. Throws: `trace_error`.
  virtual bool next(raw_event& event) = 0;
  [[nodiscard]] virtual double progress() const noexcept = 0;
  [[nodiscard]] virtual bool cut_short() const noexcept = 0;
  [[nodiscard]] virtual gaps expected() const noexcept = 0;
};

/// A file of zpmr's own. Throws: `trace_error`.
std::unique_ptr<source> open_chunks(const std::filesystem::path& file);
/// What `heaptrack --raw` wrote. Throws: `trace_error`.
std::unique_ptr<source> open_heaptrack(const std::filesystem::path& file);

}  // namespace zpmr::detail::trace
