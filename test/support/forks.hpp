// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>
#include <zpmr/memory_tracker.hpp>

/// \file
/// What goes on around a fork: threads in the parent, and a first one in the child.

namespace zpmr::test {

/// Threads that keep busy until the object goes.
class busy_threads {
 public:
  template <class F>
  busy_threads(unsigned count, F deed) : started_(static_cast<std::ptrdiff_t>(count)) {
    for (unsigned i = 0; i < count; ++i) {
      threads_.emplace_back([this, deed, i] {
        deed(i);
        started_.count_down();
        while (!done_) {
          deed(i);
          // Or the threads that only lock and unlock let no other in, the one that forks neither.
          std::this_thread::yield();
        }
      });
    }
    // Threads that start allocate, and the malloc of a sanitizer is not ready for a fork meanwhile.
    started_.wait();
  }
  ~busy_threads() {
    done_ = true;
    for (std::thread& each : threads_) each.join();
  }
  busy_threads(const busy_threads&) = delete;
  busy_threads& operator=(const busy_threads&) = delete;

 private:
  std::latch started_;
  std::atomic<bool> done_{false};
  std::vector<std::thread> threads_;
};

/// Returns: whether a thread that is started now, in a child process, can charge. Not tried under
/// the thread sanitizer, which allows a child of a program with threads to start none.
inline bool works_from_another_thread([[maybe_unused]] memory_tracker& tracker) {
#ifdef __SANITIZE_THREAD__
  return true;
#else
  bool works = false;
  std::thread{[&] {
    tracker.charge(0);
    memory_tracker child{"made in the child process", tracker};
    child.charge(0);
    works = true;
  }}.join();
  return works;
#endif
}

}  // namespace zpmr::test
