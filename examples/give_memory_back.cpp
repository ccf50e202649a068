// SPDX-License-Identifier: MIT

/// \file
/// What an allocator keeps for its next allocations, and how to have it give that back: at once, or
/// by and by.

#include <chrono>
#include <iostream>
#include <memory_resource>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_control.hpp>
#endif
#if ZPMR_WITH_TCMALLOC
#include <zpmr/tcmalloc_control.hpp>
#endif

using namespace std::chrono_literals;

void fill_and_drop(std::pmr::memory_resource* memory) {
  const std::pmr::vector<std::pmr::vector<char>> rows(
      1000, std::pmr::vector<char>(10000, 'x', memory), memory);
}

void at_once() {
  for (zpmr::allocator_resource* each : zpmr::allocators()) {
    fill_and_drop(each);
    const bool given_back = each->release_free_memory();
    std::cout << each->name() << (given_back ? " gave" : " had nothing to give") << " back\n";
  }
}

#if ZPMR_WITH_JEMALLOC
void by_jemalloc() {
  //! [jemalloc]
  // Free pages go back after a second, not ten, also while the program is idle.
  const zpmr::jemalloc_decay soon{.dirty = 1s, .muzzy = 0s};
  zpmr::set_jemalloc_default_decay(soon);  // for arenas to come
  for (const zpmr::jemalloc_arena arena : zpmr::jemalloc_arenas()) arena.set_decay(soon);
  zpmr::start_jemalloc_background_threads();
  fill_and_drop(zpmr::jemalloc());
  //! [jemalloc]
  expect(zpmr::jemalloc_background_threads_run());
  expect(zpmr::jemalloc_arena::of_this_thread().decay() == soon);
}
#endif

#if ZPMR_WITH_TCMALLOC
void by_tcmalloc() {
  //! [tcmalloc]
  zpmr::set_tcmalloc_release_rate(10);  // ten times as eager as it is by itself
  fill_and_drop(zpmr::tcmalloc());
  zpmr::mark_tcmalloc_thread_idle();  // this thread will not allocate for a while
  std::cout << "tcmalloc keeps the addresses of " << zpmr::tcmalloc()->stats().retained.value_or(0)
            << " bytes that it gave back\n";
  //! [tcmalloc]
  expect(zpmr::tcmalloc_release_rate() == 10);
}
#endif

int main() {
  at_once();
#if ZPMR_WITH_JEMALLOC
  by_jemalloc();
#endif
#if ZPMR_WITH_TCMALLOC
  by_tcmalloc();
#endif
}
