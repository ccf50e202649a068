// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string_view>

/// \file
/// "jemalloc-5.3.0", put together once from what the running library says.

namespace zpmr::detail {

/// A text that stays for ever once made. No lock guards the making, so that the child of a fork
/// can never find it held: threads that race make one each, and one is kept.
///
/// Thread safety: all functions may be called from any thread, at any time.
class library_version {
 public:
  /// Returns: `name`, "-" and `version`, as they were at the first call; `name` if there is no
  /// memory for that.
  std::string_view view(std::string_view name, std::string_view version) noexcept {
    // Acquire and release: the text must be seen whole.
    const char* known = text_.load(std::memory_order_acquire);
    if (known == nullptr) {
      char* made = join(name, version);
      if (made == nullptr) {
        return name;
      }
      if (text_.compare_exchange_strong(known, made, std::memory_order_acq_rel)) {
        known = made;
      } else {
        std::free(made);
      }
    }
    return known;
  }

 private:
  static char* join(std::string_view name, std::string_view version) noexcept {
    char* text = static_cast<char*>(std::malloc(name.size() + 1 + version.size() + 1));
    if (text != nullptr) {
      char* end = text + name.copy(text, name.size());
      *end++ = '-';
      end += version.copy(end, version.size());
      *end = '\0';
    }
    return text;
  }

  std::atomic<const char*> text_{nullptr};
};

}  // namespace zpmr::detail
