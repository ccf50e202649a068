// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "traces/trace_source.hpp"
#include "traces/trace_words.hpp"

namespace zpmr::detail::trace {

/// A file that is read here and there. Its size is that of when it was opened.
class input {
 public:
  /// Throws: `trace_error`.
  explicit input(const std::filesystem::path& path);
  ~input();
  input(const input&) = delete;
  input& operator=(const input&) = delete;

  /// Effects: reads up to `count` whole words from byte `at` on.
  /// Returns: how many; less only at the end of the file. Throws: `trace_error`.
  std::size_t read(std::uint64_t at, word* words, std::size_t count) const;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Throws: `trace_error`, with the name of the file before `what`.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  std::filesystem::path path_;
  int file_;
  std::uint64_t bytes_ = 0;
};

/// Where a chunk is, and its least order number.
struct chunk {
  std::uint64_t at;
  std::uint64_t bytes;
  std::uint64_t order;
  std::uint32_t thread;
};

/// Steps through the events of a chunk.
class cursor {
 public:
  cursor(const input& file, const chunk& where) noexcept;

  /// Returns: whether there is a next event. Throws: `trace_error`.
  bool advance();
  [[nodiscard]] std::uint64_t order() const noexcept { return order_; }
  [[nodiscard]] const raw_event& event() const noexcept { return event_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return chunk_bytes_; }

 private:
  bool take(word& next);
  word take_second();
  bool decode(word first);
  bool decode_other(word first);
  void allocate(word address, word bytes, unsigned alignment_log) noexcept;
  void continue_at(word order);
  [[noreturn]] void refuse(const char* what) const;

  const input* file_;
  std::uint64_t at_;
  std::uint64_t end_;
  std::uint64_t chunk_bytes_;
  bool cut_;              // the chunk is not all there
  bool complete_ = true;  // the last record is
  std::vector<word> buffer_;
  std::size_t taken_ = 0;
  std::uint64_t order_ = 0;       // of the event
  std::uint64_t next_order_ = 0;  // of the one after it
  raw_event event_{};
};

}  // namespace zpmr::detail::trace
