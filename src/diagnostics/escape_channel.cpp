// SPDX-License-Identifier: MIT
#include "diagnostics/escape_channel.hpp"

#include <pthread.h>

#include <memory>
#include <mutex>
#include <utility>
#include <zpmr/detail/request.hpp>

#include "base/never_destroyed.hpp"
#include "platform/thread_sanitizer.hpp"

namespace zpmr::detail {

namespace {

// One for all guards: what it protects takes a moment. Nothing is allocated while it is held, as
// the program's own operator new may lead to the default resource.
constinit never_destroyed<std::mutex> mutex;
constinit escape_channel* channels = nullptr;

[[maybe_unused]] const int fork_handlers =
    pthread_atfork([] { mutex.value.lock(); },  //
                   [] { mutex.value.unlock(); }, [] { mutex.value.unlock(); });

}  // namespace

escape_lock::escape_lock() noexcept {
  mutex.value.lock();
}
escape_lock::~escape_lock() {
  mutex.value.unlock();
}

escape_channel& escape_channel::open(escape_guard& guard) {
  const unseen_atomics publish_the_default_resource;
  std::unique_ptr<escape_channel> spare{new escape_channel};
  const escape_lock lock;
  memory_resource* const upstream = std::pmr::get_default_resource();
  escape_channel* channel = unused_over(upstream);
  if (channel == nullptr) {
    channel = spare.release();
    channel->upstream_ = upstream;
    channel->next_ = std::exchange(channels, channel);
  }
  channel->guard_ = &guard;
  // Relaxed: who sees an old value has overlapped the making of the guard.
  channel->locates_.store(guard.action_ != escape_action::count, std::memory_order_relaxed);
  std::pmr::set_default_resource(channel);
  return *channel;
}

void escape_channel::close() noexcept {
  const escape_lock lock;
  guard_ = nullptr;
  locates_.store(false, std::memory_order_relaxed);
  // Else it is the channel of a guard that still lives, or what somebody else has set.
  if (std::pmr::get_default_resource() == this) {
    std::pmr::set_default_resource(first_in_use(upstream_));
  }
}

escape_channel* escape_channel::unused_over(const memory_resource* upstream) noexcept {
  escape_channel* each = channels;
  while (each != nullptr && (each->guard_ != nullptr || each->upstream_ != upstream)) {
    each = each->next_;
  }
  return each;
}

/// Guards may end in any order: what was the default resource when this one began may itself be the
/// channel of a guard that is gone.
std::pmr::memory_resource* escape_channel::first_in_use(memory_resource* resource) noexcept {
  for (escape_channel* each = channels; each != nullptr;) {
    const bool passes_on = each == resource && each->guard_ == nullptr;
    if (passes_on) resource = each->upstream_;
    each = passes_on ? channels : each->next_;
  }
  return resource;
}

bool escape_channel::tell(std::size_t bytes, call_stack where) noexcept {
  const escape_lock lock;
  if (guard_ == nullptr) return false;
  guard_->note(bytes, where);
  return guard_->action_ == escape_action::refuse;
}

void* escape_channel::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (!can_exist(bytes, alignment)) throw_bad_alloc();
  // Not under the lock, as it takes one of its own.
  const call_stack where =
      locates_.load(std::memory_order_relaxed) ? call_stack::here() : call_stack{};
  if (tell(bytes, where)) throw escape_refused(bytes, alignment, where);
  return upstream_->allocate(bytes, alignment);
}

void escape_channel::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  upstream_->deallocate(block, bytes, alignment);
}

}  // namespace zpmr::detail
