// SPDX-License-Identifier: MIT
#pragma once

#include <thread>

#include "pair.hpp"

namespace zpmr::bench {

/// A thread comes, makes a hundred pairs of `argument` bytes, and goes.
template <class Memory>
class passing_threads {
 public:
  using memory_type = Memory;
  static constexpr std::size_t items = 1;

  passing_threads(site<Memory>& where, const post& at) : pairs_(where, at) {}

  void operator()() {
    std::thread([this] {
      for (int i = 0; i < 100; ++i) pairs_();
    }).join();
  }

 private:
  pair<Memory> pairs_;
};

}  // namespace zpmr::bench
