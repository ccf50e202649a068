// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <zpmr/process_memory.hpp>
#include <zpmr/usage_sampler.hpp>

#include "reports/sample_csv.hpp"
#include "reports/sample_ring.hpp"

namespace zpmr {

namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr std::chrono::hours longest_interval{24 * 365};  // so that points in time do not overflow

std::optional<std::size_t> resident_of(const allocator_resource& allocator) noexcept {
  try {
    return allocator.stats().resident;
  } catch (...) {
    return std::nullopt;  // an allocator of the user's own that could not tell just now
  }
}

/// Returns: a thread that runs `f` and leaves all signals to the program's own.
template <class F>
std::thread start_without_signals(F f) {
  struct blocked {
    blocked() noexcept {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~blocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before;
  } const signals;
  return std::thread{f};
}

/// Returns: `options`, which may come from a file of settings.
usage_sampler_options checked(usage_sampler_options options) {
  if (options.interval <= std::chrono::nanoseconds::zero()) {
    throw std::invalid_argument("zpmr: a usage_sampler cannot have an interval of " +
                                std::to_string(options.interval.count()) + " ns: give more than 0");
  }
  if (options.capacity == 0) {
    throw std::invalid_argument(
        "zpmr: a usage_sampler cannot have a capacity of 0 samples: give 1 or more");
  }
  return options;
}

}  // namespace

/// Hidden here, as cmake/exports.map.in shows all names in zpmr but those in detail.
struct [[gnu::visibility("hidden")]] usage_sampler::state {
  state(const memory_tracker& t, const allocator_resource& a, usage_sampler_options o)
      : tracker(t),
        allocator(a),
        interval(std::min<std::chrono::nanoseconds>(o.interval, longest_interval)),
        samples(o.capacity) {
    samples.push(take_sample());
    thread = start_without_signals([this] { run(); });
  }

  /// The clock of the wall, but it does not jump when that is set.
  [[nodiscard]] system_clock::time_point now() const noexcept {
    const auto elapsed = steady_clock::now() - started;
    return started_at + std::chrono::duration_cast<system_clock::duration>(elapsed);
  }

  [[nodiscard]] usage_sample take_sample() const noexcept {
    const memory_usage usage = tracker.snapshot();
    usage_sample sample{now(), usage.bytes_in_use, usage.peak_bytes, {}, {}, {}};
    if (usage.limit != no_limit) sample.limit = usage.limit;
    sample.allocator_resident = resident_of(allocator);
    sample.process_resident = sample_process_memory().resident;
    return sample;
  }

  /// Takes a sample in every interval, and one at the end.
  void run() {
    steady_clock::time_point next = started;
    std::unique_lock lock{mutex};
    for (bool last = false; !last;) {
      next = std::max(next + interval, steady_clock::now());
      last = stopped.wait_until(lock, next, [this] { return stopping; });
      lock.unlock();  // reading takes its time
      const usage_sample sample = take_sample();
      lock.lock();
      samples.push(sample);
    }
  }

  const memory_tracker& tracker;
  const allocator_resource& allocator;
  const std::chrono::nanoseconds interval;
  const pid_t process = ::getpid();
  const steady_clock::time_point started = steady_clock::now();
  const system_clock::time_point started_at = system_clock::now();

  mutable std::mutex mutex;
  std::condition_variable stopped;
  bool stopping = false;
  detail::sample_ring samples;
  std::once_flag stopped_once;
  std::thread thread;
};

usage_sampler::usage_sampler(const memory_tracker& tracker, const allocator_resource& allocator,
                             usage_sampler_options options)
    : state_(std::make_unique<state>(tracker, allocator, checked(options))) {}

usage_sampler::~usage_sampler() {
  // In the child of a fork nobody may join the thread, nor destroy what it was waiting for.
  if (::getpid() != state_->process) {
    static_cast<void>(state_.release());
  } else {
    stop();
  }
}

void usage_sampler::stop() noexcept {
  std::call_once(state_->stopped_once, [this] {
    {
      const std::scoped_lock lock{state_->mutex};
      state_->stopping = true;
    }
    state_->stopped.notify_one();
    state_->thread.join();
  });
}

std::vector<usage_sample> usage_sampler::samples() const {
  const std::scoped_lock lock{state_->mutex};
  return state_->samples.in_order();
}

std::uint64_t usage_sampler::dropped() const noexcept {
  const std::scoped_lock lock{state_->mutex};
  return state_->samples.dropped();
}

void usage_sampler::write_csv(std::ostream& out) const {
  detail::write_csv(out, samples(), state_->tracker.name());
}

}  // namespace zpmr
