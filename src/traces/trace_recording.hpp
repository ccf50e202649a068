// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include "traces/trace_output.hpp"
#include "traces/trace_recorder.hpp"

/// \file
/// The one recording that goes on, if any: its file, its clock, the numbers of its threads.

namespace zpmr::detail::trace {

/// Effects: starts a recording. Returns: why not, if so.
std::error_code start_recording(const char* path) noexcept;
void stop_recording() noexcept;

/// Effects: ends the recording, and says why on stderr. `error` is an error number.
void end_early(int error) noexcept;

/// Returns: a new chunk for the thread, which gets a number with its first one; or an empty one,
/// and the recording has ended.
std::span<word> reserve_chunk(thread& self, std::size_t bytes) noexcept;

/// Effects: the events in the thread's chunk go to the end of the file.
/// Returns: false if they stay, as the disk is full or the recording has ended.
bool empty_chunk(thread& self) noexcept;

std::uint64_t nanoseconds_since_start() noexcept;

/// Effects: gives back the thread's chunk, if it has one.
void let_go(thread& self) noexcept;

constexpr std::uint64_t key_of(std::uint32_t recording, std::uint32_t resource) noexcept {
  return std::uint64_t{recording} << 32 | resource;
}
constexpr std::uint32_t resource_of(std::uint64_t key) noexcept {
  return static_cast<std::uint32_t>(key);
}

}  // namespace zpmr::detail::trace
