// SPDX-License-Identifier: MIT
#include <zpmr/fragmentation.hpp>
#include <zpmr/memory_tracker.hpp>

#include "allocators/overhead.hpp"

namespace zpmr {

heap_sample sample_heap(const allocator_resource& allocator, const memory_tracker& tracker) {
  const memory_usage usage = tracker.snapshot();
  return {.bytes_in_use = usage.bytes_in_use,
          .peak_bytes = usage.peak_bytes,
          .allocator = allocator.stats(),
          .process = sample_process_memory()};
}

fragmentation fragmentation_of(const heap_sample& sample) noexcept {
  return detail::steps_of(sample, detail::compare);
}

}  // namespace zpmr
