// SPDX-License-Identifier: MIT
#include <zpmr/fragmentation.hpp>
#include <zpmr/memory_tracker.hpp>

#include "overhead.hpp"

namespace zpmr {

heap_sample sample_heap(const allocator_resource& allocator, const memory_tracker& tracker) {
  const memory_usage usage = tracker.snapshot();
  return {.bytes_in_use = usage.bytes_in_use,
          .peak_bytes = usage.peak_bytes,
          .allocator = allocator.stats(),
          .process = sample_process_memory()};
}

fragmentation fragmentation_of(const heap_sample& sample) noexcept {
  using detail::compare;
  const allocator_stats& allocator = sample.allocator;
  return {.total = compare(sample.process.resident, sample.bytes_in_use),
          .uncounted = compare(allocator.allocated, sample.bytes_in_use),
          .inside_allocator = compare(allocator.active, allocator.allocated),
          .kept_by_allocator = compare(allocator.resident, allocator.active),
          .outside_allocator = compare(sample.process.resident, allocator.resident)};
}

}  // namespace zpmr
