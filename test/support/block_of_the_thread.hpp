// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory_resource>

namespace zpmr::test {

/// Has one block for each thread, which only that thread is given. It uses no malloc, as the child
/// of a fork must not.
class block_of_the_thread final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t, std::size_t) override {
    alignas(std::max_align_t) static thread_local std::byte block[64];
    return block;
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace zpmr::test
