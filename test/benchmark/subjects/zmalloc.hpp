// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/zmalloc.h>

#include <cstddef>
#include <memory>

#include "../site.hpp"

namespace zpmr::bench {

/// The C interface, called directly. Its tracker is the process's, and has no limit.
struct zmalloc_memory {
  static void* allocate(std::size_t bytes, std::size_t) { return ::zmalloc(bytes); }
  static void deallocate(void* block, std::size_t, std::size_t) { ::zfree(block); }
};

class zmalloc_site final : public site<zmalloc_memory> {
 public:
  static std::unique_ptr<site<zmalloc_memory>> make(const demand&) {
    return std::make_unique<zmalloc_site>();
  }
  zmalloc_memory& memory(std::size_t) override { return memory_; }
  [[nodiscard]] std::size_t bytes_in_use() const override { return ::zmalloc_used_memory(); }

 private:
  zmalloc_memory memory_;
};

}  // namespace zpmr::bench
