// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <zpmr/jemalloc_resource.hpp>

#include "allocators/jemalloc_mallctl.hpp"
#include "base/resource_cast.hpp"
#include "relocation/relocation.hpp"

namespace zpmr {

namespace {

/// The slab that a block lies in, and all slabs of its size class in the same arena (its "bin"), as
/// `experimental.utilization.query` gives them. A large block is a slab of one slot, without a bin.
struct surroundings {
  void* current_slab;  ///< that the bin takes new blocks from
  std::size_t free_slots;
  std::size_t slots;
  std::size_t slab_bytes;
  std::size_t free_slots_in_bin;
  std::size_t slots_in_bin;
};

/// As `experimental.utilization.batch_query` gives them.
struct slab {
  std::size_t free_slots;
  std::size_t slots;
  std::size_t bytes;
};

constinit detail::je::control query{"experimental.utilization.query"};
constinit detail::je::control batch_query{"experimental.utilization.batch_query"};
constinit detail::je::control bin_count{"arenas.nbins"};
constinit detail::je::control bin_size{"arenas.bin.0.size"};
constinit detail::je::control thread_cache{"thread.tcache.enabled"};

bool lies_in(const void* block, const void* start, std::size_t bytes) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const auto first = reinterpret_cast<std::uintptr_t>(start);
  return address >= first && address - first < bytes;
}

/// New blocks go to the bin's current slab and then to its oldest ones, so a block should leave
/// where there is less company than on average. The eighth on top lets slabs go that are about as
/// full as the average, or evenly filled ones would all stay.
bool is_no_fuller_than_others(const surroundings& around) noexcept {
  const std::size_t used = around.slots - around.free_slots;
  const std::size_t used_in_bin = around.slots_in_bin - around.free_slots_in_bin;
  // used / slots <= used_in_bin / slots_in_bin + 1/8
  return 8 * used * around.slots_in_bin <= around.slots * (8 * used_in_bin + around.slots_in_bin);
}

relocation advice(const void* block, const surroundings& around) noexcept {
  if (around.slots <= 1 || around.free_slots == 0) return relocation::stay;
  if (around.slots_in_bin == 0) return relocation::unknown;  // a jemalloc without statistics
  if (lies_in(block, around.current_slab, around.slab_bytes)) return relocation::stay;
  return is_no_fuller_than_others(around) ? relocation::move : relocation::stay;
}

/// Hints for at most as many blocks as fit on the stack.
constexpr std::size_t most_at_once = 64;

void advise_on_few(std::span<const void* const> blocks, std::span<relocation> hints) noexcept {
  std::array<const void*, most_at_once> asked;
  std::copy(blocks.begin(), blocks.end(), asked.begin());
  std::array<slab, most_at_once> slabs;
  std::size_t bytes = blocks.size() * sizeof(slab);
  const bool told =
      batch_query.call({}, slabs.data(), &bytes, asked.data(), blocks.size_bytes()) == 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool is_full = told && slabs[i].free_slots == 0;
    hints[i] = is_full ? relocation::stay : detail::report_on(blocks[i]).advice;
  }
}

}  // namespace

bool detail::reports_on_blocks(const std::pmr::memory_resource& resource) noexcept {
  return resource_cast<jemalloc_resource>(&resource) != nullptr;
}

detail::block_report detail::report_on(const void* block) noexcept {
  surroundings around{};
  std::size_t bytes = sizeof around;
  if (query.call({}, &around, &bytes, &block, sizeof block) != 0) return {};
  const std::size_t slots = std::max<std::size_t>(around.slots, 1);
  return {.advice = advice(block, around),
          .bytes = around.slab_bytes / slots,  // jemalloc's slabs have no remainder
          .emptied_bytes = around.free_slots + 1 == slots ? around.slab_bytes : 0};
}

detail::block_report detail::report_on_unseen(std::size_t bytes) noexcept {
  const std::size_t usable = jemalloc()->usable_size(bytes, alignof(void*));
  const auto bins = bin_count.read<unsigned>();
  const auto largest = bins ? bin_size.read<std::size_t>(*bins - 1) : std::nullopt;
  return {.advice = usable <= largest.value_or(0) ? relocation::move : relocation::stay,
          .bytes = usable};
}

void detail::advise_on(std::span<const void* const> blocks, std::span<relocation> hints) noexcept {
  for (std::size_t done = 0; done < blocks.size(); done += most_at_once) {
    const std::size_t count = std::min(most_at_once, blocks.size() - done);
    advise_on_few(blocks.subspan(done, count), hints.subspan(done, count));
  }
}

bool detail::suspend_thread_cache() noexcept {
  const bool was_on = thread_cache.read<bool>().value_or(false);
  if (was_on) thread_cache.write(false);
  return was_on;
}

void detail::resume_thread_cache() noexcept {
  thread_cache.write(true);
}

}  // namespace zpmr
