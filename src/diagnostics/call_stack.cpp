// SPDX-License-Identifier: MIT
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/stacktrace/frame.hpp>
#include <boost/stacktrace/safe_dump_to.hpp>
#include <cstdint>
#include <mutex>
#include <ostream>
#include <string>
#include <zpmr/call_stack.hpp>

#include "base/mapped_pool.hpp"
#include "base/mixed_bits.hpp"
#include "base/never_destroyed.hpp"

namespace zpmr {

namespace {

constexpr std::size_t most_frames = 32;
using frame_array = std::array<const void*, most_frames + 1>;  // Boost ends it with a null

}  // namespace

/// A stack that is kept for ever, so that it can be read without a lock.
struct detail::stack_entry {
  const stack_entry* next;
  std::uint64_t hash;
  std::size_t count;
  frame_array frames;
};

namespace {

using detail::stack_entry;

constexpr unsigned bucket_bits = 12;
constinit std::array<std::atomic<const stack_entry*>, std::size_t{1} << bucket_bits> buckets{};
constinit detail::never_destroyed<detail::mapped_pool<stack_entry>> entries;
constinit detail::never_destroyed<std::mutex> adding;

// In the child of a fork no other thread is there to unlock it.
[[maybe_unused]] const int fork_handlers = pthread_atfork(
    [] { adding.value.lock(); }, [] { adding.value.unlock(); }, [] { adding.value.unlock(); });

std::uint64_t hash_of(std::span<const void* const> frames) noexcept {
  std::uint64_t hash = frames.size();
  for (const void* const frame : frames) {
    hash = detail::spread(hash ^ reinterpret_cast<std::uintptr_t>(frame));
    hash ^= hash >> 32;
  }
  return hash;
}

const stack_entry* find(const stack_entry* entry, std::uint64_t hash,
                        std::span<const void* const> frames) noexcept {
  for (; entry != nullptr; entry = entry->next) {
    if (entry->hash == hash &&
        std::ranges::equal(frames, std::span(entry->frames).first(entry->count)))
      return entry;
  }
  return nullptr;
}

const stack_entry* add(std::atomic<const stack_entry*>& bucket, std::uint64_t hash,
                       std::span<const void* const> frames) noexcept {
  const std::scoped_lock lock(adding.value);
  // Relaxed: what is there was put there under the lock.
  const stack_entry* const first = bucket.load(std::memory_order_relaxed);
  if (const stack_entry* const known = find(first, hash, frames)) return known;
  stack_entry* const entry = entries.value.make();
  if (entry == nullptr) return nullptr;
  entry->next = first;
  entry->hash = hash;
  entry->count = frames.size();
  std::ranges::copy(frames, entry->frames.begin());
  bucket.store(entry, std::memory_order_release);  // with all that was just written to it
  return entry;
}

const stack_entry* keep(std::span<const void* const> frames) noexcept {
  const std::uint64_t hash = hash_of(frames);
  std::atomic<const stack_entry*>& bucket = buckets[hash >> (64 - bucket_bits)];
  // Acquire: sees what `add` wrote.
  const stack_entry* const known = find(bucket.load(std::memory_order_acquire), hash, frames);
  return known != nullptr ? known : add(bucket, hash, frames);
}

/// The address of the call itself: that after it may belong to another line.
boost::stacktrace::frame calling(const void* return_address) noexcept {
  return boost::stacktrace::frame(static_cast<const std::byte*>(return_address) - 1);
}

bool is_inside_zpmr(const std::string& function) {
  return function.starts_with("zpmr::checked_resource::") ||
         function.starts_with("zpmr::detail::escape_channel::") ||
         function.starts_with("std::pmr::memory_resource::");
}

void print_call(std::ostream& out, const boost::stacktrace::frame& call,
                const std::string& function) {
  out << "    " << (function.empty() ? "(no name)" : function);
  if (call.source_line() != 0) {
    out << " at " << call.source_file() << ':' << call.source_line() << '\n';
  } else {
    out << " at address " << call.address() << '\n';
  }
}

}  // namespace

// Not inlined, so that it is one frame to skip.
[[gnu::noinline]] call_stack call_stack::here() noexcept {
  frame_array frames{};
  const std::size_t written = boost::stacktrace::safe_dump_to(1, frames.data(), sizeof frames);
  if (written == 0) return {};
  const auto end = std::ranges::find(frames, nullptr);
  return call_stack(keep({frames.begin(), std::min(end, frames.end() - 1)}));
}

std::span<const void* const> call_stack::frames() const noexcept {
  if (entry_ == nullptr) return {};
  return std::span(entry_->frames).first(entry_->count);
}

std::ostream& operator<<(std::ostream& out, call_stack stack) {
  bool inside = true;
  for (const void* const address : stack.frames()) {
    const boost::stacktrace::frame call = calling(address);
    const std::string function = call.name();
    inside = inside && is_inside_zpmr(function);
    if (inside) continue;
    print_call(out, call, function);
    if (function == "main") break;
  }
  return out;
}

}  // namespace zpmr
