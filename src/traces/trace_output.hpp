// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include "traces/trace_words.hpp"

namespace zpmr::detail::trace {

inline constexpr std::size_t most_chunk_bytes = std::size_t{512} << 10;

/// The file that a trace is written to, a chunk at a time. Chunks are parts of the file in memory:
/// what a thread has written there is in the file whatever becomes of the process. Their room on
/// the disk is taken before, as a write to such memory that finds the disk full ends the program.
/// Memory of a file is dear to come by, so a thread that fills much keeps one chunk, whose events
/// are moved on to the end of the file.
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

  /// Effects: puts a copy of the chunk at the end of the file, past the system's cache, and takes
  /// the events out of the chunk. Returns: false if there is no room for it; then nothing is
  /// changed.
  bool move_to_end(std::span<word> chunk) noexcept;

  void note_failure() noexcept { header_->failed = 1; }

  /// Effects: lets go of the file; chunks that were reserved can be written further.
  void close() noexcept;
  /// Effects: as `close`, in the child of a fork, where nothing is mapped.
  void abandon() noexcept;

 private:
  int file_ = -1;
  file_header* header_ = nullptr;
};

void release(std::span<word> chunk) noexcept;

}  // namespace zpmr::detail::trace
