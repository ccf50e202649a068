// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <zpmr/allocator_resource.hpp>

namespace zpmr::test::soak {

using random_engine = std::minstd_rand;

/// An allocator that fails now and then, and counts its blocks. Thread safety: any thread.
class faulty_allocator final : public allocator_resource {
 public:
  explicit faulty_allocator(allocator_resource& base) : base_(base) {}

  [[nodiscard]] std::uint64_t faults() const { return faults_; }
  [[nodiscard]] std::size_t blocks() const { return blocks_; }

  std::string_view name() const noexcept override { return base_.name(); }
  std::string_view version() const noexcept override { return base_.version(); }
  std::size_t usable_size(std::size_t bytes, std::size_t alignment) const noexcept override {
    return base_.usable_size(bytes, alignment);
  }
  allocator_stats stats() const override { return base_.stats(); }
  bool release_free_memory() noexcept override { return base_.release_free_memory(); }

 private:
  static bool is_unlucky() {
    constexpr unsigned one_in = 200;
    static std::atomic<unsigned> seed{1};
    thread_local random_engine random{++seed};
    return random() % one_in == 0;
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (is_unlucky()) {
      ++faults_;
      throw std::bad_alloc{};
    }
    void* const block = base_.allocate(bytes, alignment);
    ++blocks_;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    --blocks_;
    base_.deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  allocator_resource& base_;
  std::atomic<std::uint64_t> faults_{0};
  std::atomic<std::size_t> blocks_{0};
};

}  // namespace zpmr::test::soak
