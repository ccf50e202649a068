// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace zpmr::bench {

inline constexpr std::size_t max_threads = 32;

/// Returns: a number below `max_threads` that no other running thread has, or `max_threads` if all
/// are taken. It is free again when the thread has ended.
std::size_t take_thread_index();

inline constinit thread_local std::size_t known_thread_index = max_threads + 1;

inline std::size_t thread_index() {
  if (known_thread_index > max_threads) [[unlikely]]
    known_thread_index = take_thread_index();
  return known_thread_index;
}

}  // namespace zpmr::bench
