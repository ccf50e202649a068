// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <zpmr/config.hpp>
#include <zpmr/memory_tracker.hpp>

/// \file
/// Which functions serve zmalloc.h: those of the allocator that `default_allocator()` gives, chosen
/// at the first call.

namespace zpmr::detail {

/// Effects: calls the handler for want of memory. Returns: null, if that returns.
[[gnu::cold, gnu::noinline]] void* zmalloc_out_of_memory(std::size_t bytes) noexcept;

/// What zmalloc.h is made of, on one allocator. Those that allocate give null if they fail; only
/// `allocate`, for the sake of the fast path, calls the handler itself. They set `*usable`, if
/// there is one, only if they do not fail. No block is ever null.
struct zmalloc_functions {
  void* (*allocate)(std::size_t bytes) noexcept;
  void* (*try_allocate)(std::size_t bytes, std::size_t* usable) noexcept;
  void* (*allocate_zeroed)(std::size_t bytes, std::size_t* usable) noexcept;
  void* (*allocate_aligned)(std::size_t alignment, std::size_t bytes) noexcept;
  void* (*allocate_uncached)(std::size_t bytes) noexcept;
  void* (*reallocate)(void* block, std::size_t bytes, std::size_t* usable) noexcept;
  void (*free)(void* block) noexcept;
  void (*free_with_size)(void* block, std::size_t usable) noexcept;
  void (*free_uncached)(void* block) noexcept;
  std::size_t (*size)(const void* block) noexcept;
  std::size_t (*usable_size)(const void* block) noexcept;
};

#if ZPMR_WITH_JEMALLOC
extern const zmalloc_functions zmalloc_on_jemalloc;
#endif
#if ZPMR_WITH_TCMALLOC
extern const zmalloc_functions zmalloc_on_tcmalloc;
#endif
extern const zmalloc_functions zmalloc_on_libc;

// Hidden, as a shared library looks for its other symbols by way of a table.

/// At first a table whose functions choose and call again, so that no call has to ask whether the
/// choice is made.
extern constinit std::atomic<const zmalloc_functions*> zmalloc_choice;

/// Null until it is first wanted.
extern constinit std::atomic<memory_tracker*> zmalloc_account;

/// Acquire: who sees the choice sees the tracker, which is made before.
[[gnu::always_inline]] inline const zmalloc_functions& zmalloc_chosen() noexcept {
  return *zmalloc_choice.load(std::memory_order_acquire);
}

}  // namespace zpmr::detail
