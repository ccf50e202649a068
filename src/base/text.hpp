// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>

namespace zpmr::detail {

/// Text in storage that someone else owns, always ended by a zero; what does not fit is cut. For
/// places that must not allocate.
class text {
 public:
  /// Preconditions: `storage` is not empty.
  explicit text(std::span<char> storage) noexcept : storage_(storage) { storage_[0] = '\0'; }

  [[gnu::format(printf, 2, 3)]] void append(const char* format, ...) noexcept {
    const std::span<char> rest = storage_.subspan(length_);
    std::va_list values;
    va_start(values, format);
    const int wanted = std::vsnprintf(rest.data(), rest.size(), format, values);
    va_end(values);
    if (wanted > 0) length_ += std::min(static_cast<std::size_t>(wanted), rest.size() - 1);
  }

  [[nodiscard]] std::string_view view() const noexcept { return {storage_.data(), length_}; }

 private:
  std::span<char> storage_;
  std::size_t length_ = 0;
};

}  // namespace zpmr::detail
