// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "../site.hpp"
#include "post.hpp"

namespace zpmr::bench {

/// Keeps 4,096 blocks of 16 bytes to 8 KiB, small ones more often (the logarithm is uniform), and
/// replaces one at random by one of another size.
template <class Memory>
class mixed {
 public:
  using memory_type = Memory;
  static constexpr std::size_t items = 1;
  static constexpr std::size_t live_blocks = 4096;
  static constexpr std::size_t mean_bytes = 1400;  // rounded up, as allocators do

  mixed(site<Memory>& where, const post& at) : memory_(where.memory(0)), steps_(step_count) {
    std::mt19937 random(static_cast<unsigned>(at.thread));
    std::uniform_real_distribution<double> log_bytes(4, 13);
    const auto any_size = [&] { return static_cast<std::uint16_t>(std::exp2(log_bytes(random))); };
    for (step& each : steps_) {
      each = {static_cast<std::uint16_t>(random() % live_blocks), any_size()};
    }
    for (block& each : live_) allocate(each, any_size());
  }

  ~mixed() {
    for (const block& each : live_) deallocate(each);
  }
  mixed(const mixed&) = delete;
  mixed& operator=(const mixed&) = delete;

  void operator()() {
    const step& now = steps_[next_++ % step_count];
    block& replaced = live_[now.slot];
    deallocate(replaced);
    allocate(replaced, now.bytes);
  }

 private:
  // Drawn beforehand, so that drawing is not measured.
  static constexpr std::size_t step_count = 1 << 14;
  struct step {
    std::uint16_t slot, bytes;
  };
  struct block {
    void* address;
    std::size_t bytes;
  };

  void allocate(block& into, std::size_t bytes) {
    into = {memory_.allocate(bytes, alignof(std::max_align_t)), bytes};
    touch(into.address);
  }

  void deallocate(const block& from) {
    memory_.deallocate(from.address, from.bytes, alignof(std::max_align_t));
  }

  Memory& memory_;
  std::vector<step> steps_;
  std::array<block, live_blocks> live_;
  std::size_t next_ = 0;
};

}  // namespace zpmr::bench
