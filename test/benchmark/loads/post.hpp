// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

/// \file
/// What every load has in common. A load is what one thread does: its constructor prepares, a call
/// does one operation, the destructor gives everything back; `items` is what an operation counts
/// for.

namespace zpmr::bench {

/// Where a load stands.
struct post {
  std::size_t argument;  ///< the work's number: a size, a count
  std::size_t thread;    ///< this thread's, from 0
};

/// Effects: makes the block one that the compiler must believe in: written to, and seen by others.
inline void touch(void* block) {
  *static_cast<volatile char*>(block) = 1;
  benchmark::DoNotOptimize(block);
  benchmark::ClobberMemory();
}

}  // namespace zpmr::bench
