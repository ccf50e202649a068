// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>
#include <zpmr/jemalloc_resource.hpp>

namespace zpmr::bench {

/// jemalloc, but every allocation burns a few hundred instructions: the benchmark must notice.
class slowed_resource final : public std::pmr::memory_resource {
 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    for (int i = 0; i < 150; ++i) benchmark::DoNotOptimize(i);
    return jemalloc()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    jemalloc()->deallocate(block, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace zpmr::bench
