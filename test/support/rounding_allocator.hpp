// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory_resource>
#include <new>
#include <zpmr/allocator_resource.hpp>

namespace zpmr::test {

/// An allocator resource whose usable sizes are easy to tell from the requested ones: the next
/// multiple of 64. It can be made to fail.
class rounding_allocator final : public allocator_resource {
 public:
  unsigned failures = 0;  ///< so many allocations are to fail, from the next on

  std::string_view name() const noexcept override { return "rounding"; }
  std::string_view version() const noexcept override { return "rounding-1"; }
  std::size_t usable_size(std::size_t bytes, std::size_t) const noexcept override {
    return (bytes + 63) / 64 * 64;
  }
  allocator_stats stats() const override { return {}; }
  bool release_free_memory() noexcept override { return false; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (failures > 0) {
      --failures;
      throw std::bad_alloc{};
    }
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace zpmr::test
