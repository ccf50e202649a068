// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <exception>
#include <latch>
#include <thread>
#include <vector>

namespace zpmr::test {

inline constexpr std::array<unsigned, 3> crowds{2, 8, 32};  // threads at a time

/// Effects: calls `deed(i)` for each i below `count`, each on its own thread, all at once, and
/// waits for them. Throws: what one of them threw. (Boost.Test's checks are for one thread: threads
/// collect, and the test checks afterwards.)
template <class F>
void run_together(unsigned count, F deed) {
  std::latch start{static_cast<std::ptrdiff_t>(count)};
  std::vector<std::exception_ptr> errors(count);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        try {
          deed(i);
        } catch (...) {
          errors[i] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace zpmr::test
