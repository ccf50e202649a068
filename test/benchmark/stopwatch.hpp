// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <ctime>

namespace zpmr::bench {

/// The time of a case. For one thread it is processor time, so that what else runs on the machine
/// does not count; threads that it starts do. For several it is wall time, from when the last of
/// them was ready: a thread's own would leave out its wait for a core.
class stopwatch {
 public:
  /// Preconditions: all threads of the case wait for one another between this and `seconds`.
  explicit stopwatch(int threads)
      : clock_(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC), ready_(now()) {
    if (threads == 1) return;
    // Cases follow each other, so an earlier one leaves no later time here.
    long before = last_ready_.load();
    while (before < ready_ && !last_ready_.compare_exchange_weak(before, ready_)) {
    }
  }

  [[nodiscard]] double seconds() const {
    const long start = clock_ == CLOCK_MONOTONIC ? last_ready_.load() : ready_;
    return static_cast<double>(now() - start) * 1e-9;
  }

 private:
  [[nodiscard]] long now() const {
    timespec time{};
    ::clock_gettime(clock_, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
  }

  static inline std::atomic<long> last_ready_{0};
  clockid_t clock_;
  long ready_;
};

}  // namespace zpmr::bench
