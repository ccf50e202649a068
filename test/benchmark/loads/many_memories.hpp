// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "../site.hpp"
#include "page_start_guard.hpp"
#include "post.hpp"

namespace zpmr::bench {

/// Has `argument` memories, each with its own tracker; a pair of 64 bytes in one of them at random.
template <class Memory>
class many_memories {
 public:
  using memory_type = Memory;
  static constexpr std::size_t items = 1;

  many_memories(site<Memory>& where, const post& at)
      : sequence_(sequence_length), guard_(where.memory(0), bytes) {
    std::mt19937 random(static_cast<unsigned>(at.thread));
    for (Memory*& each : sequence_) each = &where.memory(random() % at.argument);
  }

  void operator()() {
    Memory& memory = *sequence_[next_++ % sequence_length];
    void* const block = memory.allocate(bytes, alignof(std::max_align_t));
    touch(block);
    memory.deallocate(block, bytes, alignof(std::max_align_t));
  }

 private:
  static constexpr std::size_t bytes = 64;
  static constexpr std::size_t sequence_length = 1 << 16;
  std::vector<Memory*> sequence_;
  std::size_t next_ = 0;
  page_start_guard<Memory> guard_;
};

}  // namespace zpmr::bench
