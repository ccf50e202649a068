// SPDX-License-Identifier: MIT
#include "allocators/jemalloc_caches.hpp"

#include <pthread.h>
#include <sched.h>

#include <mutex>

#include "allocators/jemalloc_mallctl.hpp"
#include "base/never_destroyed.hpp"
#include "platform/membarrier.hpp"
#include "tracking/thread_index.hpp"

namespace zpmr::detail {

/// All objects, for `fork`, and the one mutex for all that is rare.
struct live_arenas {
  std::mutex mutex;
  arena_caches* first = nullptr;

  static void lock_for_fork() noexcept;
  static void unlock_in_parent() noexcept;
  static void unlock_in_child() noexcept;

  void add(arena_caches& caches) noexcept {
    const std::scoped_lock lock(mutex);
    caches.next_ = first;
    if (first != nullptr) first->previous_ = &caches;
    first = &caches;
  }

  void remove(arena_caches& caches) noexcept {
    const std::scoped_lock lock(mutex);
    if (caches.next_ != nullptr) caches.next_->previous_ = caches.previous_;
    (caches.previous_ != nullptr ? caches.previous_->next_ : first) = caches.next_;
  }

  template <class F>
  void for_each(F&& visit) noexcept {
    for (arena_caches* each = first; each != nullptr; each = each->next_) visit(*each);
  }
};

namespace {

constinit je::control create_cache{"tcache.create"};
constinit je::control destroy_cache{"tcache.destroy"};

// As jemalloc's MALLOCX_ARENA, MALLOCX_TCACHE and MALLOCX_TCACHE_NONE.
constexpr int arena_flag(unsigned arena) noexcept {
  return static_cast<int>((arena + 1) << 20);
}
constexpr int cache_flag(unsigned cache) noexcept {
  return static_cast<int>((cache + 2) << 8);
}
constexpr int without_cache = 1 << 8;

constinit never_destroyed<live_arenas> live;

}  // namespace

// With the mutex held no cache can be opened again, so none is in use when the process is copied. A
// busy one would be torn: its pages are not copied at one moment.
void live_arenas::lock_for_fork() noexcept {
  live.value.mutex.lock();
  live.value.for_each([](arena_caches& each) { each.try_destroy_all(); });
}

void live_arenas::unlock_in_parent() noexcept {
  live.value.mutex.unlock();
}

void live_arenas::unlock_in_child() noexcept {
  // The other threads are gone, whatever they had: a cache where the system has no heavy fence any
  // more, else at most the wish to open one.
  live.value.for_each([](arena_caches& each) { each.forget_all(); });
  live.value.mutex.unlock();
}

namespace {

// jemalloc has registered its own handlers when an arena was made, so at a fork ours is locked
// before its locks are, as everywhere here.
void prepare_for_fork() noexcept {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] {
    pthread_atfork(live_arenas::lock_for_fork, live_arenas::unlock_in_parent,
                   live_arenas::unlock_in_child);
  });
}

void light_fence() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

arena_caches::arena_caches(unsigned arena) : arena_flags_(arena_flag(arena)) {
  prepare_for_fork();
  live.value.add(*this);
}

arena_caches::~arena_caches() {
  live.value.remove(*this);
  empty();
}

arena_caches::cache* arena_caches::own() noexcept {
  if (this_thread.index == no_index && !claim_index()) [[unlikely]]
    return nullptr;
  return &caches_[this_thread.index];
}

// Either this sees that the cache was shut, or who shut it sees, after its heavy fence, that the
// cache is busy.
int arena_caches::enter(cache* own) noexcept {
  if (own == nullptr) [[unlikely]]
    return arena_flags_ | without_cache;
  for (;;) {
    own->busy.store(true, std::memory_order_relaxed);
    light_fence();
    // Acquire: what was done to the cache before it was opened.
    const int flags = own->flags.load(std::memory_order_acquire);
    if (flags != 0) [[likely]]
      return flags;
    own->busy.store(false, std::memory_order_release);
    open(*own);
  }
}

[[gnu::cold]] void arena_caches::open(cache& own) noexcept {
  const std::scoped_lock lock(live.value.mutex);
  const auto id = create_cache.read<unsigned>();
  if (id) own.id = *id;
  // Where jemalloc has no cache left, this thread goes without until the caches are emptied next.
  own.flags.store(arena_flags_ | (id ? cache_flag(*id) : without_cache), std::memory_order_release);
}

void arena_caches::empty() noexcept {
  const std::scoped_lock lock(live.value.mutex);
  shut_all();
  destroy_shut();
}

bool arena_caches::empty_while_in_use() noexcept {
  const std::scoped_lock lock(live.value.mutex);
  return try_destroy_all();
}

bool arena_caches::try_destroy_all() noexcept {
  if (!shut_all()) return true;
  if (!heavy_fence()) {
    reopen_all();
    return false;
  }
  destroy_shut();
  return true;
}

// Returns: whether any was open.
bool arena_caches::shut_all() noexcept {
  bool any = false;
  for (cache& each : all()) {
    any = any || each.flags.load(std::memory_order_relaxed) != 0;
    each.flags.store(0, std::memory_order_relaxed);
  }
  return any;
}

// Not jemalloc's tcache.flush: that makes the cache anew in the middle of the next allocation, and
// has no answer to a lack of memory.
void arena_caches::destroy_shut() noexcept {
  for (cache& each : all()) {
    // Acquire: what its owner did last.
    while (each.busy.load(std::memory_order_acquire)) sched_yield();
    if (each.id == none) continue;
    destroy_cache.write(each.id);
    each.id = none;
  }
}

void arena_caches::reopen_all() noexcept {
  for (cache& each : all()) {
    if (each.id == none) continue;
    each.flags.store(arena_flags_ | cache_flag(each.id), std::memory_order_release);
  }
}

void arena_caches::forget_all() noexcept {
  for (cache& each : all()) {
    each.flags.store(0, std::memory_order_relaxed);
    each.busy.store(false, std::memory_order_relaxed);
    each.id = none;
  }
}

}  // namespace zpmr::detail
