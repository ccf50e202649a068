// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <memory_resource>
#include <type_traits>
#include <zpmr/escape_guard.hpp>

namespace zpmr::detail {

/// What stands in for the default resource. Once made it is there for ever, as containers may hold
/// on to it; when its guard is gone it only passes on, until another guard needs one over the same
/// resource.
class escape_channel final : public std::pmr::memory_resource {
 public:
  /// Effects: puts a channel before the default resource. It tells `guard`. Throws:
  /// `std::bad_alloc`.
  static escape_channel& open(escape_guard& guard);
  /// Effects: tells nobody from now on, and is no longer the default resource.
  void close() noexcept;

 private:
  escape_channel() = default;

  static escape_channel* unused_over(const memory_resource* upstream) noexcept;
  static memory_resource* first_in_use(memory_resource* resource) noexcept;

  /// Returns: whether the guard, if there is one, refuses.
  bool tell(std::size_t bytes, call_stack where) noexcept;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  memory_resource* upstream_ = nullptr;  // set once, before anyone has the channel
  escape_guard* guard_ = nullptr;        // under the mutex of escapes
  escape_channel* next_ = nullptr;       // as above
  std::atomic<bool> locates_{false};
};

/// One while a figure of a guard is read.
class escape_lock {
 public:
  escape_lock() noexcept;
  ~escape_lock();
  escape_lock(const escape_lock&) = delete;
  escape_lock& operator=(const escape_lock&) = delete;
};

static_assert(!std::is_copy_constructible_v<escape_lock>);
static_assert(std::is_base_of_v<std::pmr::memory_resource, escape_channel>);

}  // namespace zpmr::detail
