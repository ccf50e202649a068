// SPDX-License-Identifier: MIT
#pragma once

#include "../site.hpp"
#include "page_start_guard.hpp"
#include "post.hpp"

namespace zpmr::bench {

/// Allocates a block of `argument` bytes and frees it at once.
template <class Memory>
class pair {
 public:
  using memory_type = Memory;
  static constexpr std::size_t items = 1;

  pair(site<Memory>& where, const post& at)
      : memory_(where.memory(0)), bytes_(at.argument), guard_(memory_, bytes_) {}

  void operator()() {
    void* const block = memory_.allocate(bytes_, alignof(std::max_align_t));
    touch(block);
    memory_.deallocate(block, bytes_, alignof(std::max_align_t));
  }

 private:
  Memory& memory_;
  std::size_t bytes_;
  page_start_guard<Memory> guard_;
};

}  // namespace zpmr::bench
