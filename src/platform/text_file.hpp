// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <zpmr/export.hpp>

/// \file
/// Reads the small text files in which Linux tells its figures, without allocating.

namespace zpmr::detail {

/// The name of a file, in storage of its own. A name that would be too long names nothing.
class ZPMR_EXPORT file_name {
 public:
  /// Effects: joins the parts.
  template <class... Parts>
  explicit file_name(Parts... parts) noexcept {
    (append(parts), ...);
  }

  void append(std::string_view part) noexcept;
  /// Effects: drops the last component, with its slash.
  void drop_last_component() noexcept { cut(view().rfind('/')); }
  [[nodiscard]] std::string_view view() const noexcept { return {characters_.data(), length_}; }
  [[nodiscard]] const char* c_str() const noexcept { return characters_.data(); }

 private:
  void cut(std::size_t length) noexcept;

  std::array<char, 2048> characters_{};
  std::size_t length_ = 0;
  bool too_long_ = false;
};

/// The lines of a file, one after the other. A line that no newline ends is not one, as the system
/// ends each; nor is a line that does not fit into the buffer, as no figure is that long.
class ZPMR_EXPORT text_file {
 public:
  explicit text_file(const file_name& name) noexcept;
  ~text_file();
  text_file(const text_file&) = delete;
  text_file& operator=(const text_file&) = delete;

  /// Returns: the next line, without its newline, until the next call; empty after the last one.
  std::optional<std::string_view> next_line() noexcept;

  /// Returns: whether `next_line` has come to the end of the file, and not to an error.
  [[nodiscard]] bool at_end() const noexcept { return at_end_; }

 private:
  std::optional<std::string_view> buffered_line() noexcept;
  bool read_more() noexcept;

  int descriptor_;
  bool at_end_ = false;
  bool skips_ = false;  // the rest of a line that was too long
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::array<char, 4096> buffer_;
};

/// Returns: the number that `digits` are, all of them; empty if they are none, or too big a one.
[[nodiscard]] std::optional<std::size_t> parse_number(std::string_view digits) noexcept;

/// Returns: the first line of the file as such a number.
[[nodiscard]] std::optional<std::size_t> read_number(const file_name& name) noexcept;

/// Effects: takes what stands before the first `separator` off `rest`, and the separator; all of it
/// where there is none. Returns: what stood before it.
ZPMR_EXPORT std::string_view take_until(char separator, std::string_view& rest) noexcept;

}  // namespace zpmr::detail
