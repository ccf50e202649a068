// SPDX-License-Identifier: MIT
#pragma once

#include <jemalloc/jemalloc.h>

#include <atomic>

#include "allocators/jemalloc_caches.hpp"

namespace zpmr::detail {

/// An arena that jemalloc uses for nothing else, with its thread caches, from its making to its
/// end. No other thread may be using it then.
class own_arena {
  /// How the arena gets and gives back memory.
  struct hooks : extent_hooks_t {
    hooks() noexcept;
    std::atomic<bool> unmapping{false};
  };

 public:
  /// Throws: `std::system_error` if jemalloc has no arena left; `std::bad_alloc`.
  own_arena() = default;
  own_arena(const own_arena&) = delete;
  own_arena& operator=(const own_arena&) = delete;

  /// Effects: frees all blocks, and gives their pages back to the system.
  /// Preconditions: no other thread is using the arena.
  void reset() noexcept;

 private:
  /// The arena alone: it goes too where there is no memory for the caches.
  struct created {
    created();
    ~created();
    hooks hooks_of_it;
    unsigned index;
  };
  created arena_;

 public:
  const unsigned index = arena_.index;
  arena_caches caches{index};  // end first: a block in a cache must not outlive the arena
};

}  // namespace zpmr::detail
