// SPDX-License-Identifier: MIT
#include "jemalloc_stats.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "jemalloc_mallctl.hpp"

namespace zpmr::detail::je {
namespace {

constinit control epoch{"epoch"};
constinit control page_size{"arenas.page"};
constinit control bin_count{"arenas.nbins"};
constinit control bin_slot_bytes{"arenas.bin.0.size"};
constinit control bin_slots_per_slab{"arenas.bin.0.nregs"};

constinit control allocated_small{"stats.arenas.0.small.allocated"};
constinit control allocated_large{"stats.arenas.0.large.allocated"};
constinit control active_pages{"stats.arenas.0.pactive"};
constinit control muzzy_pages{"stats.arenas.0.pmuzzy"};
constinit control base_bytes{"stats.arenas.0.base"};
constinit control internal_bytes{"stats.arenas.0.internal"};
constinit control resident_bytes{"stats.arenas.0.resident"};
constinit control mapped_bytes{"stats.arenas.0.mapped"};
constinit control retained_bytes{"stats.arenas.0.retained"};
constinit control bin_slabs{"stats.arenas.0.bins.0.curslabs"};
constinit control bin_slots_in_use{"stats.arenas.0.bins.0.curregs"};
constinit control dirty_purged{"stats.arenas.0.dirty_purged"};
constinit control muzzy_purged{"stats.arenas.0.muzzy_purged"};

using bytes = std::optional<std::size_t>;

bytes sum(bytes one, bytes other) noexcept {
  return one && other ? bytes(*one + *other) : std::nullopt;
}

bytes product(bytes one, bytes other) noexcept {
  return one && other ? bytes(*one * *other) : std::nullopt;
}

/// A size class of small blocks, as jemalloc was built.
struct bin {
  std::size_t slot_bytes;
  std::size_t slots_per_slab;
};

/// The bins, asked for once.
class bin_table {
 public:
  /// Returns: how many there are; 0 if jemalloc does not tell.
  unsigned size() noexcept {
    // Acquire and release: the bins must be there when their number is. Threads that race write the
    // same.
    const unsigned known = size_.load(std::memory_order_acquire);
    return known != 0 ? known : fill();
  }

  bin operator[](unsigned index) const noexcept {
    return {slot_bytes_[index].load(std::memory_order_relaxed),
            slots_per_slab_[index].load(std::memory_order_relaxed)};
  }

 private:
  static constexpr unsigned most = 128;

  unsigned fill() noexcept {
    const unsigned count = bin_count.read<unsigned>().value_or(0);
    if (count > most) return 0;
    for (unsigned i = 0; i < count; ++i) {
      const auto slot_bytes = bin_slot_bytes.read<std::size_t>(i);
      const auto slots = bin_slots_per_slab.read<std::uint32_t>(i);
      if (!slot_bytes || !slots) return 0;
      slot_bytes_[i].store(*slot_bytes, std::memory_order_relaxed);
      slots_per_slab_[i].store(*slots, std::memory_order_relaxed);
    }
    size_.store(count, std::memory_order_release);
    return count;
  }

  std::array<std::atomic<std::size_t>, most> slot_bytes_{};
  std::array<std::atomic<std::size_t>, most> slots_per_slab_{};
  std::atomic<unsigned> size_{0};
};

constinit bin_table bins;

bytes free_bytes_in_small_slabs(unsigned arena) noexcept {
  const unsigned count = bins.size();
  if (count == 0) return std::nullopt;
  std::size_t total = 0;
  for (unsigned i = 0; i < count; ++i) {
    const auto slabs = bin_slabs.read<std::size_t>(arena, i);
    const auto in_use = bin_slots_in_use.read<std::size_t>(arena, i);
    if (!slabs || !in_use) return std::nullopt;
    const std::size_t slots = bins[i].slots_per_slab * *slabs;
    // The lesser: see `stats_of`.
    total += (slots - std::min(slots, *in_use)) * bins[i].slot_bytes;
  }
  return total;
}

// jemalloc's figures are those of the last refresh. Returns: its number.
std::uint64_t refresh() noexcept {
  std::uint64_t number = 1;
  std::size_t size = sizeof number;
  epoch.call({}, &number, &size, &number, sizeof number);
  return number;
}

allocator_stats read_stats(unsigned arena) noexcept {
  const bytes page = page_size.read<std::size_t>();
  return {
      .allocated =
          sum(allocated_small.read<std::size_t>(arena), allocated_large.read<std::size_t>(arena)),
      .active = product(page, active_pages.read<std::size_t>(arena)),
      .metadata = sum(base_bytes.read<std::size_t>(arena), internal_bytes.read<std::size_t>(arena)),
      .resident = resident_bytes.read<std::size_t>(arena),
      .mapped = mapped_bytes.read<std::size_t>(arena),
      .retained = retained_bytes.read<std::size_t>(arena),
      .muzzy = product(page, muzzy_pages.read<std::size_t>(arena)),
      .small_bin_fragmentation = free_bytes_in_small_slabs(arena),
  };
}

}  // namespace

// Where another thread has refreshed the figures in between, they are read again. They are newer
// then, so no second refresh is needed. With threads that do nothing else this could go on for
// ever: after some rounds the figures may be of two moments.
allocator_stats stats_of(unsigned arena) noexcept {
  constexpr int most_rounds = 8;
  std::uint64_t before = refresh();
  allocator_stats stats;
  for (int round = 0; round < most_rounds; ++round) {
    stats = read_stats(arena);
    const std::uint64_t after = epoch.read<std::uint64_t>().value_or(before);
    if (after == before) break;
    before = after;
  }
  return stats;
}

std::uint64_t purged_pages() noexcept {
  refresh();
  std::uint64_t pages = 0;
  for (const unsigned arenas : {all_arenas, destroyed_arenas}) {
    pages += dirty_purged.read<std::uint64_t>(arenas).value_or(0);
    pages += muzzy_purged.read<std::uint64_t>(arenas).value_or(0);
  }
  return pages;
}

}  // namespace zpmr::detail::je
