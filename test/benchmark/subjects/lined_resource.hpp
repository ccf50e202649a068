// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <zpmr/counting_resource.hpp>
#include <zpmr/jemalloc_resource.hpp>

namespace zpmr::bench {

/// jemalloc, and nothing counted: but each call touches as many cache lines as a call of a counting
/// resource does, two of which it knows from the first. Among many such, this is what the memory
/// costs.
class alignas(64) lined_resource final : public std::pmr::memory_resource {
 public:
  lined_resource() = default;
  lined_resource(const lined_resource&) = delete;
  lined_resource& operator=(const lined_resource&) = delete;

 private:
  struct alignas(64) line {
    volatile std::uint64_t word = 0;
  };

  void touch() {
    (void)lines_[1].word;
    lines_[0].word = lines_[0].word + 1;
  }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    touch();
    return jemalloc()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    jemalloc()->deallocate(block, bytes, alignment);
    touch();
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  line* lines_ = own_.data();
  std::array<line, 6> own_;
};

static_assert(sizeof(lined_resource) == sizeof(counting_resource<jemalloc_resource>));

}  // namespace zpmr::bench
