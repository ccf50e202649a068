// SPDX-License-Identifier: MIT
#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <thread>

#include "../site.hpp"
#include "post.hpp"

namespace zpmr::bench {

/// Two threads: the first allocates, the second frees. An operation is one or the other.
template <class Memory>
class hand_over {
 public:
  using memory_type = Memory;
  static constexpr std::size_t items = 1;

  hand_over(site<Memory>& where, const post& at)
      : memory_(where.memory(0)), bytes_(at.argument), produces_(at.thread == 0) {}

  void operator()() { produces_ ? produce() : consume(); }

 private:
  void produce() {
    void* const block = memory_.allocate(bytes_, alignof(std::max_align_t));
    touch(block);
    while (!queue_.push(block)) std::this_thread::yield();
  }

  void consume() {
    void* block = nullptr;
    while (!queue_.pop(block)) std::this_thread::yield();
    touch(block);
    memory_.deallocate(block, bytes_, alignof(std::max_align_t));
  }

  // Shared by the two; empty again when both have done their operations.
  static inline boost::lockfree::spsc_queue<void*, boost::lockfree::capacity<1024>> queue_;

  Memory& memory_;
  std::size_t bytes_;
  bool produces_;
};

}  // namespace zpmr::bench
