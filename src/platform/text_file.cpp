// SPDX-License-Identifier: MIT
#include "text_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

namespace zpmr::detail {

namespace {

// A signal may interrupt a call before it has done anything.
template <class F>
auto uninterrupted(F call) noexcept {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace

void file_name::append(std::string_view part) noexcept {
  // A name cut short could be that of another file.
  too_long_ = too_long_ || part.size() >= characters_.size() - length_;
  if (too_long_) return cut(0);
  std::copy(part.begin(), part.end(), characters_.begin() + static_cast<std::ptrdiff_t>(length_));
  cut(length_ + part.size());
}

void file_name::cut(std::size_t length) noexcept {
  length_ = length == std::string_view::npos ? 0 : length;
  characters_[length_] = '\0';
}

text_file::text_file(const file_name& name) noexcept
    : descriptor_(uninterrupted([&] { return ::open(name.c_str(), O_RDONLY | O_CLOEXEC); })) {}

text_file::~text_file() {
  if (descriptor_ != -1) ::close(descriptor_);
}

std::optional<std::string_view> text_file::next_line() noexcept {
  for (;;) {
    const std::optional<std::string_view> line = buffered_line();
    if (line) {
      if (!std::exchange(skips_, false)) return line;
    } else if (!read_more()) {
      return std::nullopt;
    }
  }
}

std::optional<std::string_view> text_file::buffered_line() noexcept {
  const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
  const std::size_t length = rest.find('\n');
  if (length == std::string_view::npos) return std::nullopt;
  begin_ += length + 1;
  return rest.substr(0, length);
}

/// Effects: adds to what is in the buffer, after moving it to the front. Returns: false if there is
/// no more.
bool text_file::read_more() noexcept {
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    skips_ = true;
    end_ = 0;
  }
  const ssize_t count = uninterrupted(
      [&] { return ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_); });
  at_end_ = count == 0;
  if (count <= 0) return false;
  end_ += static_cast<std::size_t>(count);
  return true;
}

std::optional<std::size_t> parse_number(std::string_view digits) noexcept {
  std::size_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<std::size_t> read_number(const file_name& name) noexcept {
  text_file file(name);
  const std::optional<std::string_view> line = file.next_line();
  return line ? parse_number(*line) : std::nullopt;
}

std::string_view take_until(char separator, std::string_view& rest) noexcept {
  const std::size_t length = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, length);
  rest.remove_prefix(std::min(length + 1, rest.size()));
  return taken;
}

}  // namespace zpmr::detail
