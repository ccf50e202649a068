// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <span>
#include <type_traits>

namespace zpmr::detail {

/// An array of zeros from mmap, whose pages are taken when they are first touched. For code that a
/// replaced `operator new` may lead back to.
template <class T>
requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class mapped_array {
 public:
  /// Effects: without memory, or with a count of 0, it stays empty.
  explicit mapped_array(std::size_t count) noexcept {
    if (count == 0) return;
    void* const place = ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place != MAP_FAILED) all_ = {static_cast<T*>(place), count};
  }
  ~mapped_array() {
    if (!all_.empty()) ::munmap(all_.data(), all_.size_bytes());
  }
  mapped_array(const mapped_array&) = delete;
  mapped_array& operator=(const mapped_array&) = delete;

  [[nodiscard]] std::span<T> all() const noexcept { return all_; }

 private:
  std::span<T> all_;
};

}  // namespace zpmr::detail
