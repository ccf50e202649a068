// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zpmr::bench {

/// jemalloc frees a block that lies at the start of a page on a slower path, in case it is a
/// sampled one. A load that is given the same small block over and over would run on that path or
/// not, by chance. So this keeps such blocks until the allocator offers another one.
template <class Memory>
class page_start_guard {
 public:
  page_start_guard(Memory& memory, std::size_t bytes) : memory_(memory), bytes_(bytes) {
    if (bytes >= page_bytes) return;  // all are alike
    void* block = memory_.allocate(bytes_, alignof(std::max_align_t));
    while (reinterpret_cast<std::uintptr_t>(block) % page_bytes == 0) {
      kept_.push_back(block);
      block = memory_.allocate(bytes_, alignof(std::max_align_t));
    }
    memory_.deallocate(block, bytes_, alignof(std::max_align_t));
  }

  ~page_start_guard() {
    for (void* block : kept_) memory_.deallocate(block, bytes_, alignof(std::max_align_t));
  }
  page_start_guard(const page_start_guard&) = delete;
  page_start_guard& operator=(const page_start_guard&) = delete;

 private:
  static constexpr std::size_t page_bytes = 4096;

  Memory& memory_;
  std::size_t bytes_;
  std::vector<void*> kept_;
};

}  // namespace zpmr::bench
