// SPDX-License-Identifier: MIT
#include "traces/trace_recording.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <string_view>
#include <zpmr/trace_resource.hpp>

#include "base/check.hpp"
#include "base/environment.hpp"
#include "base/never_destroyed.hpp"

namespace zpmr::detail::trace {
namespace {

struct recording {
  std::mutex mutex;
  output file;
  std::uint32_t threads = 0;
  std::uint32_t last = 0;  // how many there were
  std::atomic<std::uint32_t> resources{0};
  std::atomic<std::uint64_t> started{0};
};

constinit never_destroyed<recording> the_recording;
pthread_key_t thread_end;

recording& state() noexcept {
  return the_recording.value;
}

std::uint64_t clock_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint32_t current() noexcept {
  return recording_of(epoch.load(std::memory_order_relaxed));
}

void forget_recording() noexcept {
  epoch.fetch_and(UINT32_MAX, std::memory_order_relaxed);
}

/// Preconditions: the mutex is held, and a recording goes on.
void end_recording() noexcept {
  forget_recording();
  state().file.close();
}

void end_early_locked(int error) noexcept {
  complain("the trace ends here, and the program goes on: %s. What was recorded can be read",
           ::strerrordesc_np(error));
  state().file.note_failure();
  end_recording();
}

// In the child of a fork the file is the parent's, and no chunk of it is mapped.
void after_fork_in_child() noexcept {
  if (current() != 0) {
    forget_recording();
    state().file.abandon();
  }
  this_thread.chunk = {};
  let_go(this_thread);
  state().mutex.unlock();
}

// Before `main`, and so before the program's own handlers, which may use traced memory: those that
// were registered first lock last and unlock first.
[[maybe_unused]] const int fork_handlers = pthread_atfork(
    [] { state().mutex.lock(); }, [] { state().mutex.unlock(); }, after_fork_in_child);

/// What a process needs once. Returns: 0, or an error number.
int prepare() noexcept {
  static const int error = [] {
    // The chunk of a thread that ends; what it still does in other such functions gets a new one.
    const auto end_thread = [](void*) { let_go(this_thread); };
    return pthread_key_create(&thread_end, end_thread);
  }();
  return error;
}

}  // namespace

bool last_events::make() noexcept {
  if (table_ != nullptr) return true;
  // As much as is touched gets memory: a word for 16 bytes of blocks.
  void* const table = mmap(nullptr, entries * sizeof *table_, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (table == MAP_FAILED) return false;
  table_ = static_cast<std::atomic<std::uint64_t>*>(table);
  return true;
}

std::error_code start_recording(const char* path) noexcept {
  const int error = prepare();
  if (error != 0) return {error, std::generic_category()};
  const std::scoped_lock lock(state().mutex);
  if (current() != 0) {
    return {EALREADY, std::generic_category()};
  }
  if (!last.make()) return {ENOMEM, std::generic_category()};
  if (const std::error_code failed = state().file.open(path)) return failed;
  state().threads = 0;
  state().resources.store(0, std::memory_order_relaxed);
  state().started.store(clock_now(), std::memory_order_relaxed);
  // Release: who makes a resource for it finds it all there.
  epoch.store(key_of(++state().last, 0), std::memory_order_release);
  return {};
}

void stop_recording() noexcept {
  const std::scoped_lock lock(state().mutex);
  if (current() == 0) return;
  end_recording();
  let_go(this_thread);
}

void end_early(int error) noexcept {
  const std::scoped_lock lock(state().mutex);
  if (current() != 0) end_early_locked(error);
}

std::span<word> reserve_chunk(thread& self, std::size_t bytes) noexcept {
  pthread_setspecific(thread_end, &self);  // may allocate, so before the lock
  const std::scoped_lock lock(state().mutex);
  if (current() != self.recording) return {};
  if (self.number == thread::no_number) self.number = state().threads++;
  const std::span<word> chunk = state().file.reserve(bytes, self.number);
  if (chunk.empty()) end_early_locked(errno);
  return chunk;
}

bool empty_chunk(thread& self) noexcept {
  const std::scoped_lock lock(state().mutex);
  return current() == self.recording && state().file.move_to_end(self.chunk);
}

std::uint64_t nanoseconds_since_start() noexcept {
  return clock_now() - state().started.load(std::memory_order_relaxed);
}

std::uint64_t new_key() noexcept {
  const std::uint32_t recording = recording_of(epoch.load(std::memory_order_acquire));
  if (recording == 0) return thread::no_key;
  return key_of(recording, state().resources.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace zpmr::detail::trace

namespace zpmr {

void start_trace(const char* file) {
  if (const std::error_code failed = detail::trace::start_recording(file)) {
    throw std::system_error(
        failed,
        "zpmr: cannot record a trace into \"" + std::string(file) +
            "\". Name a regular file on a disk with room, into which no trace goes already");
  }
}

void stop_trace() noexcept {
  detail::trace::stop_recording();
}

bool start_trace_from_environment() noexcept {
  const std::string_view file = detail::environment("ZPMR_TRACE");
  if (file.empty()) return false;
  const std::error_code failed = detail::trace::start_recording(file.data());
  if (!failed) return true;
  detail::complain(
      "cannot record a trace into \"%s\": %s. Let ZPMR_TRACE name a regular file on a disk with "
      "room, into which no trace goes already. The program goes on without",
      file.data(), ::strerrordesc_np(failed.value()));
  return false;
}

}  // namespace zpmr
