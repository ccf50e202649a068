// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <memory_resource>
#include <zpmr/jemalloc_resource.hpp>

#include "../site.hpp"

/// \file
/// Other programs' ways of counting, each in front of the same jemalloc: only the counting differs.
/// Written from what those programs publish on how they count. None of them caps.

namespace zpmr::bench {

/// `Counter` is told of each block after it is allocated and before it is freed.
template <class Counter>
class counting_peer final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] std::size_t bytes_in_use() const { return counter_.bytes_in_use(); }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = upstream_->allocate(bytes, alignment);
    counter_.allocated(block, bytes);
    return block;
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    counter_.freeing(block, bytes);
    upstream_->deallocate(block, bytes, alignment);
  }

  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  jemalloc_resource* upstream_ = jemalloc();
  Counter counter_;
};

template <class Counter>
class peer_site final : public resource_site {
 public:
  static std::unique_ptr<resource_site> make(const demand& needs) {
    return std::make_unique<peer_site>(needs);
  }
  explicit peer_site(const demand& needs) : memories_(needs.memories) {}
  std::pmr::memory_resource& memory(std::size_t index) override { return memories_[index]; }
  [[nodiscard]] std::size_t bytes_in_use() const override {
    return memories_.front().bytes_in_use();
  }

 private:
  std::deque<counting_peer<Counter>> memories_;
};

}  // namespace zpmr::bench
