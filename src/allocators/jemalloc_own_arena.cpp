// SPDX-License-Identifier: MIT
#include "allocators/jemalloc_own_arena.hpp"

#include <sys/mman.h>

#include <system_error>

#include "allocators/jemalloc_mallctl.hpp"
#include "allocators/jemalloc_stats.hpp"

namespace zpmr::detail {
namespace {

constinit je::control create{"arenas.create"};
constinit je::control destroy{"arena.0.destroy"};
constinit je::control reset_arena{"arena.0.reset"};
constinit je::control hooks_of{"arena.0.extent_hooks"};

unsigned create_arena(extent_hooks_t* hooks) {
  unsigned index = 0;
  std::size_t size = sizeof index;
  if (create.call({}, &index, &size, &hooks, sizeof hooks) == 0) return index;
  throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                          "zpmr: jemalloc has no arena left for a jemalloc_arena_resource. A "
                          "process can have about 4,000 at a time: destroy some, or share one");
}

}  // namespace

// jemalloc never unmaps what it took for itself, not even when the arena ends: with each arena
// that came and went 2 MiB of addresses were lost, and 4 KiB of its notes of them. So this arena is
// as any other while it lives, and unmaps everything when it ends.
own_arena::hooks::hooks() noexcept : extent_hooks_t(*hooks_of.read<extent_hooks_t*>(0).value()) {
  dalloc = [](extent_hooks_t* own, void* start, std::size_t bytes, bool, unsigned) {
    const bool kept = !static_cast<hooks*>(own)->unmapping.load(std::memory_order_relaxed);
    return kept || ::munmap(start, bytes) != 0;
  };
}

own_arena::created::created() : index(create_arena(&hooks_of_it)) {}

own_arena::created::~created() {
  hooks_of_it.unmapping.store(true, std::memory_order_relaxed);
  destroy.run(index);
}

void own_arena::reset() noexcept {
  caches.empty();
  reset_arena.run(index);
  je::purge(index);
}

}  // namespace zpmr::detail
