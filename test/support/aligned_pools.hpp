// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory_resource>

namespace zpmr::test {

/// The standard's pools, asked for multiples of the alignment only: those of libstdc++ 12 misalign
/// some other sizes.
class aligned_pools final : public std::pmr::memory_resource {
 public:
  explicit aligned_pools(std::pmr::memory_resource* upstream) : pools_(upstream) {}

 private:
  static std::size_t multiple(std::size_t bytes, std::size_t alignment) {
    return (std::max(bytes, std::size_t{1}) + alignment - 1) / alignment * alignment;
  }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return pools_.allocate(multiple(bytes, alignment), alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    pools_.deallocate(block, multiple(bytes, alignment), alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::pmr::synchronized_pool_resource pools_;
};

}  // namespace zpmr::test
