// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "../site.hpp"
#include "post.hpp"

namespace zpmr::bench {

enum class order { last_in_first_out, first_in_first_out };

/// Allocates more blocks than any thread cache keeps, then frees all.
template <class Memory, order freeing>
class burst {
 public:
  using memory_type = Memory;
  static constexpr std::size_t items = 8192;
  static constexpr std::size_t block_bytes = 1024;

  burst(site<Memory>& where, const post&) : memory_(where.memory(0)), blocks_(items) {}

  void operator()() {
    for (void*& block : blocks_) {
      block = memory_.allocate(block_bytes, alignof(std::max_align_t));
      touch(block);
    }
    for (std::size_t i = 0; i < items; ++i) {
      void* const block = blocks_[freeing == order::first_in_first_out ? i : items - 1 - i];
      memory_.deallocate(block, block_bytes, alignof(std::max_align_t));
    }
  }

 private:
  Memory& memory_;
  std::vector<void*> blocks_;
};

template <class Memory>
using lifo_burst = burst<Memory, order::last_in_first_out>;
template <class Memory>
using fifo_burst = burst<Memory, order::first_in_first_out>;

}  // namespace zpmr::bench
