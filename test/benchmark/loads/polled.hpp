// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <thread>

#include "mixed.hpp"

namespace zpmr::bench {

/// Mixed sizes, while another thread reads the bytes in use a thousand times a second.
template <class Memory>
class polled {
 public:
  using memory_type = Memory;
  static constexpr std::size_t items = mixed<Memory>::items;

  polled(site<Memory>& where, const post& at)
      : load_(where, at), reader_([&where](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            benchmark::DoNotOptimize(where.bytes_in_use());
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }) {}

  void operator()() { load_(); }

 private:
  mixed<Memory> load_;
  std::jthread reader_;
};

}  // namespace zpmr::bench
