// SPDX-License-Identifier: MIT
#include "allocators/jemalloc_stats.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "allocators/jemalloc_mallctl.hpp"

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
constinit control dirty_purged{"stats.arenas.0.dirty_purged"};
constinit control muzzy_purged{"stats.arenas.0.muzzy_purged"};
constinit control purge_arena{"arena.0.purge"};

using bytes = std::optional<std::size_t>;

bytes sum(bytes one, bytes other) noexcept {
  return one && other ? bytes(*one + *other) : std::nullopt;
}

bytes product(bytes one, bytes other) noexcept {
  return one && other ? bytes(*one * *other) : std::nullopt;
}

// The lesser may have overtaken: see `stats_of`.
bytes difference(bytes more, bytes less) noexcept {
  return more && less ? bytes(*more - std::min(*more, *less)) : std::nullopt;
}

/// How many bytes the slots of one slab have, for each size class of small blocks. jemalloc was
/// built so, and is asked once.
class slab_table {
 public:
  /// Returns: the number of size classes; 0 if jemalloc does not tell.
  unsigned size() noexcept {
    // Acquire and release: the entries must be there when their number is. Threads that race write
    // the same.
    const unsigned known = size_.load(std::memory_order_acquire);
    return known != 0 ? known : fill();
  }

  std::size_t operator[](unsigned bin) const noexcept {
    return bytes_[bin].load(std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned most = 128;

  unsigned fill() noexcept {
    const unsigned count = bin_count.read<unsigned>().value_or(0);
    if (count > most) return 0;
    for (unsigned i = 0; i < count; ++i) {
      const bytes in_slab =
          product(bin_slot_bytes.read<std::size_t>(i), bin_slots_per_slab.read<std::uint32_t>(i));
      if (!in_slab) return 0;
      bytes_[i].store(*in_slab, std::memory_order_relaxed);
    }
    size_.store(count, std::memory_order_release);
    return count;
  }

  std::array<std::atomic<std::size_t>, most> bytes_{};
  std::atomic<unsigned> size_{0};
};

constinit slab_table slabs;

/// Returns: all slots of all slabs, used or not.
bytes bytes_in_small_slabs(unsigned arena) noexcept {
  const unsigned count = slabs.size();
  if (count == 0) return std::nullopt;
  std::size_t total = 0;
  for (unsigned i = 0; i < count; ++i) {
    const bytes number = bin_slabs.read<std::size_t>(arena, i);
    if (!number) return std::nullopt;
    total += *number * slabs[i];
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
  const bytes small = allocated_small.read<std::size_t>(arena);
  return {
      .allocated =
          sum(allocated_small.read<std::size_t>(arena), allocated_large.read<std::size_t>(arena)),
      .active = product(page, active_pages.read<std::size_t>(arena)),
      .metadata = sum(base_bytes.read<std::size_t>(arena), internal_bytes.read<std::size_t>(arena)),
      .resident = resident_bytes.read<std::size_t>(arena),
      .mapped = mapped_bytes.read<std::size_t>(arena),
      .retained = retained_bytes.read<std::size_t>(arena),
      .muzzy = product(page, muzzy_pages.read<std::size_t>(arena)),
      .small_bin_fragmentation = difference(bytes_in_small_slabs(arena), small),
  };
}

std::uint64_t purged_pages_of(unsigned arena) noexcept {
  return dirty_purged.read<std::uint64_t>(arena).value_or(0) +
         muzzy_purged.read<std::uint64_t>(arena).value_or(0);
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

std::uint64_t purged_pages(unsigned arena) noexcept {
  refresh();
  const std::uint64_t pages = purged_pages_of(arena);
  // Without the destroyed ones it would fall when one is.
  return arena == all_arenas ? pages + purged_pages_of(destroyed_arenas) : pages;
}

void purge(unsigned arena) noexcept {
  purge_arena.run(arena);
}

}  // namespace zpmr::detail::je
