// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <type_traits>
#include <vector>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/config.hpp>
#include <zpmr/export.hpp>

#if !ZPMR_WITH_JEMALLOC
#error \
    "zpmr was built without jemalloc. Build it with -DZPMR_WITH_JEMALLOC=ON, or leave this header out."
#endif

/// \file
/// When jemalloc gives memory back to the system, for all of it and arena by arena, and the figures
/// of each arena. Not part of `zpmr.hpp`: include it where needed.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet give_memory_back.cpp jemalloc

namespace zpmr {

/// A decay time that never ends: the pages are kept.
inline constexpr std::chrono::milliseconds jemalloc_never{-1};

/// For how long an arena keeps pages that hold no block. First they are dirty: still there as they
/// were. After `dirty` they are given back lazily, and are muzzy: the system takes them when it
/// needs them. After `muzzy` they are given back for good. With `muzzy` 0 they are never muzzy, and
/// with `dirty` 0 they are given back for good as soon as they are free.
struct jemalloc_decay {
  std::chrono::milliseconds dirty;
  std::chrono::milliseconds muzzy;

  friend bool operator==(const jemalloc_decay&, const jemalloc_decay&) = default;
};

/// Returns: the decay times that an arena gets when it is made.
/// Throws: `std::system_error` if jemalloc does not tell.
[[nodiscard]] ZPMR_EXPORT jemalloc_decay jemalloc_default_decay();

/// Effects: sets the decay times of arenas that are made later, and of no other.
/// Throws: `std::invalid_argument` if a time is negative but not `jemalloc_never`, or too long for
/// jemalloc; then the dirty time may have been set.
ZPMR_EXPORT void set_jemalloc_default_decay(const jemalloc_decay& times);

/// One of jemalloc's arenas. A handle: it may be copied, and does not keep the arena alive.
class ZPMR_EXPORT jemalloc_arena {
 public:
  /// Throws: `std::out_of_range` if jemalloc has no arena of that index.
  explicit jemalloc_arena(unsigned index);

  /// Returns: the one that this thread's blocks come from, through `jemalloc()`.
  [[nodiscard]] static jemalloc_arena of_this_thread();

  [[nodiscard]] unsigned index() const noexcept { return index_; }

  /// Returns: the figures of this arena. Blocks in threads' caches count as allocated. All are
  /// empty once the arena is gone, until another is made that gets its index: then they are of
  /// that one.
  [[nodiscard]] allocator_stats stats() const noexcept;

  /// Throws: `std::out_of_range` if the arena is gone.
  [[nodiscard]] jemalloc_decay decay() const;

  /// Effects: sets the times; pages whose time is over are given back at once.
  /// Throws: as `set_jemalloc_default_decay`; `std::out_of_range` if the arena is gone.
  void set_decay(const jemalloc_decay& times) const;

  /// Effects: gives all pages without blocks back to the system, however young they are.
  /// Returns: whether there were any. Throws: `std::out_of_range` if the arena is gone.
  bool purge() const;

  friend bool operator==(const jemalloc_arena&, const jemalloc_arena&) = default;

 private:
  unsigned index_;
};

static_assert(std::is_trivially_copyable_v<jemalloc_arena>);

/// Returns: all arenas that there are, by rising index.
[[nodiscard]] ZPMR_EXPORT std::vector<jemalloc_arena> jemalloc_arenas();

/// Effects: starts threads of jemalloc's own that give pages back when their decay time is over.
/// Without them, the thread that allocates and frees does it in passing, so an idle program keeps
/// its pages. No effect if they run.
/// They do not run in the child of a `fork`; there they can be started again.
/// Throws: `std::system_error` if jemalloc cannot start them.
ZPMR_EXPORT void start_jemalloc_background_threads();

/// Effects: stops those threads and waits for them. No effect if they do not run.
/// Throws: `std::system_error` if jemalloc refuses.
ZPMR_EXPORT void stop_jemalloc_background_threads();

/// Returns: whether those threads run.
[[nodiscard]] ZPMR_EXPORT bool jemalloc_background_threads_run() noexcept;

/// Effects: gives the blocks that this thread freed, and that jemalloc keeps for its next
/// allocations, back to their arenas. For a thread that will be idle for long.
ZPMR_EXPORT void flush_jemalloc_thread_cache() noexcept;

}  // namespace zpmr
