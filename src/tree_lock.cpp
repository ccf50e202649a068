// SPDX-License-Identifier: MIT
#include "tree_lock.hpp"

#include <pthread.h>

#include <array>
#include <atomic>
#include <zpmr/detail/tree_shape.hpp>

#include "bookkeeping.hpp"
#include "check.hpp"
#include "never_destroyed.hpp"
#include "platform/single_copy.hpp"
#include "thread_index.hpp"

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
    each->settle_after_fork();
    settle_below(each->children());
  }
}

void unlock_all_in_child() noexcept {
  unlock_stripes();
  pthread_rwlock_unlock(&shape);
  shape = PTHREAD_RWLOCK_INITIALIZER;  // the other threads' shares of it are gone with them
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
  if (this_thread.shape_readers++ == 0) pthread_rwlock_rdlock(&shape);
}

shape_reader::~shape_reader() {
  if (--this_thread.shape_readers == 0) pthread_rwlock_unlock(&shape);
}

shape_writer::shape_writer() noexcept {
  ZPMR_EXPECTS(this_thread.shape_readers == 0,
               "for_each_child and for_each_tracker must not make or destroy trackers");
  pthread_rwlock_wrlock(&shape);
}

shape_writer::~shape_writer() {
  pthread_rwlock_unlock(&shape);
}

}  // namespace zpmr::detail
