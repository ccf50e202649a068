// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "traces/trace_source.hpp"

/// \file
/// heaptrack's raw recordings are lines of text. A letter says what a line is; numbers are
/// hexadecimal. `+ bytes place address` is an allocation, `- address` a deallocation,
/// `c milliseconds` the time. All other lines tell about places in the program.

namespace zpmr::detail::trace {
namespace {

constexpr std::uint64_t known_version = 3;
constexpr std::uint64_t malloc_alignment = 16;

/// Effects: takes a number off the front of `line`. Returns: it, if there is one.
std::optional<std::uint64_t> take_number(std::string_view& line) {
  if (!line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, 16);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return number;
}

class heaptrack_text final : public source {
 public:
  explicit heaptrack_text(const std::filesystem::path& path)
      : path_(path), in_(path, std::ios::binary), bytes_(std::filesystem::file_size(path)) {
    std::string_view start = read_line().value_or("").substr(0, longest_line);
    start.remove_prefix(std::min<std::size_t>(1, start.size()));
    const auto program = take_number(start);
    const auto version = take_number(start);
    if (!program || version != known_version) {
      refuse("is no recording of heaptrack in a version known here, which is " +
             std::to_string(known_version) + ". Record it with heaptrack 1.4");
    }
  }

  bool next(raw_event& event) override {
    while (const auto line = read_line()) {
      const char what = line->empty() ? ' ' : line->front();
      if (what != 'c' && what != '+' && what != '-') continue;
      if (line->size() == longest_line - 1) refuse_line(*line);
      std::string_view rest = line->substr(1);
      if (what == 'c') {
        time_ = std::chrono::milliseconds(number(rest, *line) & INT32_MAX);
        continue;
      }
      event = {};
      event.time = time_;
      if (what == '+') {
        read_allocation(event, rest, *line);
      } else {
        event.operation = trace_operation::deallocation;
        event.address = number(rest, *line);
      }
      if (!rest.empty()) refuse_line(*line);
      return true;
    }
    return false;
  }

  [[nodiscard]] double progress() const noexcept override {
    return static_cast<double>(done_) / static_cast<double>(bytes_);
  }
  [[nodiscard]] bool cut_short() const noexcept override { return cut_; }
  // It may have been attached to a program that ran, and it writes the deallocation in `realloc`
  // down when that is over and another thread may have the block already.
  [[nodiscard]] gaps expected() const noexcept override { return gaps::late_deallocations; }

 private:
  static constexpr std::size_t longest_line = 128;

  /// Returns: the next line, or its beginning: those that matter are short.
  std::optional<std::string_view> read_line() {
    in_.getline(line_.data(), line_.size());
    const auto got = static_cast<std::size_t>(in_.gcount());
    done_ += got;
    ++lines_;
    if (in_.bad()) refuse("cannot be read to its end");
    if (in_.eof()) {
      cut_ = got > 0;  // heaptrack ends every line
      return std::nullopt;
    }
    if (!in_.fail()) return std::string_view(line_.data(), got - 1);
    in_.clear();
    in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    done_ += static_cast<std::uint64_t>(in_.gcount());
    return std::string_view(line_.data(), got);
  }

  void read_allocation(raw_event& event, std::string_view& rest, std::string_view line) {
    event.operation = trace_operation::allocation;
    event.bytes = number(rest, line);
    if (rest.empty()) {
      refuse(
          "does not say which block is freed: heaptrack has interpreted it. Record it again "
          "with heaptrack --raw");
    }
    number(rest, line);  // the place in the program
    event.address = number(rest, line);
    event.alignment = malloc_alignment;
  }

  std::uint64_t number(std::string_view& rest, std::string_view line) const {
    const auto taken = take_number(rest);
    if (!taken) refuse_line(line);
    return *taken;
  }

  [[noreturn]] void refuse_line(std::string_view line) const {
    refuse("is damaged: line " + std::to_string(lines_) + ", a \"" + line.front() +
           "\", has not the numbers it should have. Record it again");
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw trace_error('"' + path_.string() + "\" " + what);
  }

  std::filesystem::path path_;
  std::ifstream in_;
  std::uint64_t bytes_;
  std::uint64_t done_ = 0;
  std::uint64_t lines_ = 0;
  bool cut_ = false;
  std::array<char, longest_line> line_{};
  std::chrono::milliseconds time_{0};
};

}  // namespace

std::unique_ptr<source> open_heaptrack(const std::filesystem::path& file) {
  return std::make_unique<heaptrack_text>(file);
}

}  // namespace zpmr::detail::trace
