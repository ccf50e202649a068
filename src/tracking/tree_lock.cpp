// SPDX-License-Identifier: MIT
#include "tracking/tree_lock.hpp"

#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <zpmr/detail/tree_shape.hpp>

#include "base/check.hpp"
#include "base/never_destroyed.hpp"
#include "platform/single_copy.hpp"
#include "tracking/bookkeeping.hpp"
#include "tracking/thread_index.hpp"

namespace zpmr::detail {

namespace {

struct alignas(64) stripe {
  std::mutex mutex;
};

// 32, as the deadlock detector of the thread sanitizer bears at most 64 locks in one hand.
using stripe_pool = std::array<stripe, 32>;
constinit never_destroyed<stripe_pool> stripes;

// Not std::shared_mutex: not every standard library can initialise that one as a constant, and the
// child of a fork needs a fresh one.
constinit pthread_rwlock_t shape = PTHREAD_RWLOCK_INITIALIZER;
constinit std::atomic<int> writers_waiting{0};

void lock_all() noexcept {
  // Reading is enough to keep writers out, and waits for no functor of another reader, which may
  // itself wait for an allocator that has locked everything for this fork.
  pthread_rwlock_rdlock(&shape);
  for (stripe& each : stripes.value) each.mutex.lock();
  lock_bookkeeping();
}

void unlock_stripes() noexcept {
  unlock_bookkeeping();
  for (stripe& each : stripes.value) each.mutex.unlock();
}

void unlock_all_in_parent() noexcept {
  unlock_stripes();
  pthread_rwlock_unlock(&shape);
}

void settle_below(const node_list& list) noexcept {
  for (node* each = list.first.load(std::memory_order_relaxed); each != nullptr;
       each = each->next()) {
    settle_below(each->children());
    each->settle_after_fork();  // what it has granted is in use only when those below are settled
  }
}

void unlock_all_in_child() noexcept {
  unlock_stripes();
  pthread_rwlock_unlock(&shape);
  shape = PTHREAD_RWLOCK_INITIALIZER;  // the other threads' shares of it are gone with them
  if (this_thread.shape_readers > 0) pthread_rwlock_rdlock(&shape);
  writers_waiting.store(0, std::memory_order_relaxed);
  settle_below(roots());
  keep_own_index_only();
}

[[maybe_unused]] const int fork_handlers =
    pthread_atfork(lock_all, unlock_all_in_parent, unlock_all_in_child);

// Here, as every program that counts links this file.
[[maybe_unused]] const bool alone = expect_single_copy();

}  // namespace

std::mutex& mutex_for_new_tree() noexcept {
  static constinit std::atomic<unsigned> next{0};
  // Relaxed: it only spreads the trees.
  return stripes.value[next.fetch_add(1, std::memory_order_relaxed) % stripes.value.size()].mutex;
}

shape_reader::shape_reader() noexcept {
  if (this_thread.shape_readers++ > 0) return;
  // The lock prefers readers, and threads that do nothing but read would keep writers out for ever.
  // Not for long: a functor of another reader may be waiting for this thread.
  constexpr int most_yields = 1000;
  for (int i = 0; i < most_yields && writers_waiting.load(std::memory_order_relaxed) > 0; ++i) {
    sched_yield();
  }
  pthread_rwlock_rdlock(&shape);
}

shape_reader::~shape_reader() {
  if (--this_thread.shape_readers == 0) pthread_rwlock_unlock(&shape);
}

shape_writer::shape_writer() noexcept {
  ZPMR_EXPECTS(this_thread.shape_readers == 0,
               "for_each_child and for_each_tracker must not make or destroy trackers");
  writers_waiting.fetch_add(1, std::memory_order_relaxed);
  pthread_rwlock_wrlock(&shape);
  writers_waiting.fetch_sub(1, std::memory_order_relaxed);
}

shape_writer::~shape_writer() {
  pthread_rwlock_unlock(&shape);
}

}  // namespace zpmr::detail
