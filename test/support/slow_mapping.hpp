// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "support/child_process.hpp"
#include "support/sanitizer.hpp"

/// \file
/// Replaces `mmap` by one that takes its time when the test says so: a lock under which memory is
/// taken from the system is held as long. For one source file of a program.

namespace zpmr::test {

inline constinit thread_local int mapping_to_wait_in = 0;  ///< of this thread: the n-th from now on
inline std::atomic<bool> slow_mapping_begun{false};
inline std::atomic<bool> slow_mapping_ended{false};

/// Forks while another thread, which does `deed`, is in its n-th mapping, in a process of its own,
/// in which nothing is mapped yet. Not under the thread sanitizer, which calls `mmap` before a
/// program's own one can work.
/// Returns: whether the fork waited for that, and `in_child` comes to an end in the child, and is
/// true.
template <class F, class G>
boost::test_tools::assertion_result child_goes_on(int mapping, F deed, G in_child) {
  if constexpr (thread_sanitizer) return true;
  return holds_in_child([&] {
    std::atomic<bool> done{false};
    std::thread other{[&] {
      mapping_to_wait_in = mapping;
      deed();
      done = true;
    }};
    while (!slow_mapping_begun && !done) std::this_thread::yield();
    const bool good = slow_mapping_begun && holds_in_child([&] {
                        std::signal(SIGALRM, SIG_DFL);  // ends what would wait for ever
                        ::alarm(60);
                        return slow_mapping_ended && in_child();
                      });
    other.join();
    return good;
  });
}

}  // namespace zpmr::test

#ifndef __SANITIZE_THREAD__
extern "C" void* mmap(void* place, std::size_t bytes, int protection, int flags, int file,
                      off_t at) noexcept {
  if (zpmr::test::mapping_to_wait_in > 0 && --zpmr::test::mapping_to_wait_in == 0) {
    zpmr::test::slow_mapping_begun = true;
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    zpmr::test::slow_mapping_ended = true;
  }
  return reinterpret_cast<void*>(::syscall(SYS_mmap, place, bytes, protection, flags, file, at));
}
#endif
