// SPDX-License-Identifier: MIT
#include <sys/types.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <zpmr/jemalloc_control.hpp>

#include "allocators/jemalloc_mallctl.hpp"
#include "allocators/jemalloc_stats.hpp"

namespace zpmr {
namespace {

using detail::je::control;

constinit control arena_count{"arenas.narenas"};
constinit control thread_arena{"thread.arena"};
constinit control background_thread{"background_thread"};
constinit control flush_thread_cache{"thread.tcache.flush"};

/// The two decay times, of one arena or of those that are made later.
struct decay_controls {
  control dirty;
  control muzzy;
};

constinit decay_controls default_decay{control{"arenas.dirty_decay_ms"},
                                       control{"arenas.muzzy_decay_ms"}};
constinit decay_controls arena_decay{control{"arena.0.dirty_decay_ms"},
                                     control{"arena.0.muzzy_decay_ms"}};

[[noreturn]] void throw_refused(int error, const char* what) {
  throw std::system_error(error, std::generic_category(),
                          std::string("zpmr: jemalloc refused to ") + what);
}

// Not arena.0.initialized: that is as old as the last refresh of the figures.
bool exists(unsigned arena) noexcept {
  return arena < arena_count.read<unsigned>().value_or(0) &&
         arena_decay.dirty.read<ssize_t>(arena).has_value();
}

void expect_arena(unsigned arena) {
  if (exists(arena)) return;
  throw std::out_of_range("zpmr: jemalloc has no arena " + std::to_string(arena) +
                          "; zpmr::jemalloc_arenas() tells which it has");
}

template <class... Index>
std::chrono::milliseconds read_decay(control& time, Index... arena) {
  if (const auto ms = time.read<ssize_t>(arena...)) return std::chrono::milliseconds(*ms);
  throw_refused(EFAULT, "tell a decay time");
}

template <class... Index>
void write_decay(control& control, std::chrono::milliseconds time, Index... arena) {
  const auto ms = static_cast<ssize_t>(time.count());
  if (control.write(ms, arena...) == 0) return;
  throw std::invalid_argument(
      "zpmr: jemalloc refused a decay time of " + std::to_string(ms) +
      " ms: give 0 or more, up to the range of its clock, or zpmr::jemalloc_never");
}

}  // namespace

jemalloc_decay jemalloc_default_decay() {
  return {read_decay(default_decay.dirty), read_decay(default_decay.muzzy)};
}

void set_jemalloc_default_decay(const jemalloc_decay& times) {
  write_decay(default_decay.dirty, times.dirty);
  write_decay(default_decay.muzzy, times.muzzy);
}

jemalloc_arena::jemalloc_arena(unsigned index) : index_(index) {
  expect_arena(index);
}

jemalloc_arena jemalloc_arena::of_this_thread() {
  if (const auto index = thread_arena.read<unsigned>()) return jemalloc_arena(*index);
  throw_refused(EFAULT, "tell this thread's arena");
}

allocator_stats jemalloc_arena::stats() const noexcept {
  return detail::je::stats_of(index_);
}

jemalloc_decay jemalloc_arena::decay() const {
  expect_arena(index_);
  return {read_decay(arena_decay.dirty, index_), read_decay(arena_decay.muzzy, index_)};
}

void jemalloc_arena::set_decay(const jemalloc_decay& times) const {
  expect_arena(index_);
  write_decay(arena_decay.dirty, times.dirty, index_);
  write_decay(arena_decay.muzzy, times.muzzy, index_);
}

bool jemalloc_arena::purge() const {
  expect_arena(index_);
  return detail::je::purges(index_, [&] { detail::je::purge(index_); });
}

std::vector<jemalloc_arena> jemalloc_arenas() {
  std::vector<jemalloc_arena> arenas;
  const unsigned count = arena_count.read<unsigned>().value_or(0);
  for (unsigned index = 0; index < count; ++index) {
    if (exists(index)) arenas.emplace_back(index);
  }
  return arenas;
}

void start_jemalloc_background_threads() {
  if (const int error = background_thread.write(true)) {
    background_thread.write(false);  // jemalloc notes the wish before it has made a thread
    throw_refused(error, "start its background threads");
  }
}

void stop_jemalloc_background_threads() {
  if (const int error = background_thread.write(false)) {
    throw_refused(error, "stop its background threads");
  }
}

bool jemalloc_background_threads_run() noexcept {
  return background_thread.read<bool>().value_or(false);
}

void flush_jemalloc_thread_cache() noexcept {
  flush_thread_cache.run();
}

}  // namespace zpmr
