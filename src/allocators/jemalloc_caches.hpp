// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <zpmr/detail/thread_state.hpp>

/// \file
/// The thread caches of one arena of jemalloc.
///
/// A thread's automatic cache holds blocks of whatever arena they came from, so an arena that is to
/// be apart needs caches of its own, "explicit" ones. Each thread has at most one in each arena. It
/// belongs to the thread's index: the next thread that gets the index goes on with it, so that
/// threads may come and go for ever. A thread without an index goes without a cache.
///
/// Another thread may want a cache emptied while its owner is at work. The owner pays for that with
/// two plain stores and a compiler fence; the other one with a heavy fence.

namespace zpmr::detail {

class arena_caches {
  struct cache;

 public:
  /// Preconditions: `arena` was made by `arenas.create`.
  explicit arena_caches(unsigned arena);
  arena_caches(const arena_caches&) = delete;
  arena_caches& operator=(const arena_caches&) = delete;
  ~arena_caches();

  /// The right to use this thread's cache, while it lives.
  class use {
   public:
    explicit use(arena_caches& caches) noexcept
        : cache_(caches.own()), flags_(caches.enter(cache_)) {}
    use(const use&) = delete;
    use& operator=(const use&) = delete;
    ~use() {
      // Release: whoever sees it may empty the cache.
      if (cache_ != nullptr) cache_->busy.store(false, std::memory_order_release);
    }

    /// Returns: what `mallocx` and `sdallocx` are to be told, for the arena and the cache.
    [[nodiscard]] int flags() const noexcept { return flags_; }

   private:
    cache* cache_;
    int flags_;
  };

  /// Effects: gives all cached blocks back to the arena.
  /// Preconditions: no other thread is using the arena.
  void empty() noexcept;

  /// Effects: as `empty`, and other threads may be using the arena; what they free later is cached
  /// again. Returns: false, and nothing was done, if the system has no heavy fence any more.
  bool empty_while_in_use() noexcept;

 private:
  friend struct live_arenas;

  /// A cache line each. `id` is guarded by the mutex of all arenas' caches, and `none` where there
  /// is no cache.
  struct alignas(64) cache {
    std::atomic<int> flags{0};  // 0: shut, the next use must open it
    std::atomic<bool> busy{false};
    unsigned id = none;
  };
  static constexpr unsigned none = UINT32_MAX;

  cache* own() noexcept;
  int enter(cache* own) noexcept;
  void open(cache& own) noexcept;

  // All of these with the mutex of all arenas' caches held.
  bool try_destroy_all() noexcept;
  bool shut_all() noexcept;
  void destroy_shut() noexcept;
  void reopen_all() noexcept;
  void forget_all() noexcept;

  std::span<cache, max_indexes> all() noexcept {
    return std::span<cache, max_indexes>(caches_.get(), max_indexes);
  }

  int arena_flags_;
  std::unique_ptr<cache[]> caches_ = std::make_unique<cache[]>(max_indexes);
  arena_caches* next_ = nullptr;  // in the list of all
  arena_caches* previous_ = nullptr;
};

}  // namespace zpmr::detail
