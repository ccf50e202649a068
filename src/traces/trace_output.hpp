// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include "traces/trace_words.hpp"

namespace zpmr::detail::trace {

inline constexpr std::size_t most_chunk_bytes = std::size_t{256} << 10;

/// The file that a trace is written to, a chunk at a time. Chunks are parts of the file in memory:
/// what a thread has written there is in the file whatever becomes of the process. Their room on
/// the disk is taken before, as a write to such memory that finds the disk full ends the program.
///
/// Thread safety: one thread at a time.
class output {
 public:
  /// Effects: makes the file anew. Returns: why it cannot be written, if so.
  std::error_code open(const char* path) noexcept;

  /// Returns: a new chunk for the thread of that number, its header written; or an empty one with
  /// errno set. Preconditions: `bytes` is a multiple of a page, and at most
  /// `most_chunk_bytes`.
  std::span<word> reserve(std::size_t bytes, std::uint32_t thread) noexcept;

  void note_failure() noexcept { header_->failed = 1; }

  /// Effects: lets go of the file; chunks that were reserved can be written further.
  void close() noexcept;
  /// Effects: as `close`, in the child of a fork, where nothing is mapped.
  void abandon() noexcept;

 private:
  void let_go_of_memory() noexcept;

  int file_ = -1;
  file_header* header_ = nullptr;
  std::uint64_t pieces_ = 0;  // that are on their way to the disk
};

void release(std::span<word> chunk) noexcept;

}  // namespace zpmr::detail::trace
