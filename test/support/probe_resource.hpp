// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory_resource>

namespace zpmr::test {

/// An upstream that counts for itself, with sequentially consistent atomics and nothing of zpmr:
/// what a counting resource claims is held against it. It can be made to fail.
class probe_resource final : public std::pmr::memory_resource {
 public:
  /// Called before every allocation; may throw.
  std::function<void()> before_allocation = [] {};

  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t most_bytes() const noexcept { return most_; }
  std::size_t allocations() const noexcept { return allocations_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    before_allocation();
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    ++allocations_;
    const std::size_t now = bytes_ += bytes;
    std::size_t most = most_;
    while (most < now && !most_.compare_exchange_weak(most, now)) {
    }
    return block;
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    bytes_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }

  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> most_{0};
  std::atomic<std::size_t> allocations_{0};
};

}  // namespace zpmr::test
