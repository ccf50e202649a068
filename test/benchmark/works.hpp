// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "loads/burst.hpp"
#include "loads/containers.hpp"
#include "loads/hand_over.hpp"
#include "loads/many_memories.hpp"
#include "loads/mixed.hpp"
#include "loads/pair.hpp"
#include "loads/passing_threads.hpp"
#include "loads/polled.hpp"
#include "run_load.hpp"

/// \file
/// All works: a line each.

namespace zpmr::bench {

enum class audience { every_subject, essential_subjects };

template <class Memory>
struct work {
  std::string name;
  load_runner<Memory> run;
  std::size_t operations;  ///< in all threads together
  std::size_t argument;
  demand needs;  ///< `live_bytes` for one thread
  std::vector<int> threads;
  audience who;
};

template <class Memory>
std::vector<work<Memory>> works() {
  constexpr auto all = audience::every_subject;
  constexpr auto some = audience::essential_subjects;
  constexpr std::size_t mixed_bytes = mixed<Memory>::live_blocks * mixed<Memory>::mean_bytes;
  constexpr std::size_t burst_bytes =
      lifo_burst<Memory>::items * (lifo_burst<Memory>::block_bytes + 64);
  const std::vector<int> one{1}, two{2}, several{2, 4, 8};

  std::vector<work<Memory>> list{
      {"pair of 16 B", timed<pair<Memory>>, 400'000, 16, {}, one, all},
      {"pair of 64 B", timed_and_counted<pair<Memory>>, 800'000, 64, {}, one, all},
      {"pair of 512 B", timed<pair<Memory>>, 400'000, 512, {}, one, all},
      {"pair of 4 KiB", timed<pair<Memory>>, 400'000, 4096, {}, one, all},
      {"pair of 64 KiB", timed<pair<Memory>>, 50'000, 65536, {}, one, all},
      {"mixed sizes", timed_and_counted<mixed<Memory>>, 400'000, 0, {1, mixed_bytes}, one, all},
      {"LIFO burst", timed<lifo_burst<Memory>>, 32, 0, {1, burst_bytes}, one, all},
      {"FIFO burst", timed<fifo_burst<Memory>>, 32, 0, {1, burst_bytes}, one, all},
      {"reader at 1 kHz", timed<polled<Memory>>, 400'000, 0, {1, mixed_bytes}, one, all},
      {"1 tracker", timed<many_memories<Memory>>, 200'000, 1, {1}, one, some},
      {"10 trackers", timed<many_memories<Memory>>, 200'000, 10, {10}, one, some},
      {"1,000 trackers", timed<many_memories<Memory>>, 200'000, 1000, {1000}, one, some},
      {"10,000 trackers", timed<many_memories<Memory>>, 200'000, 10000, {10000}, one, some},
      {"passing threads", timed<passing_threads<Memory>>, 200, 64, {}, one, some},
      {"hand-over", timed<hand_over<Memory>>, 100'000, 64, {1, 1 << 16}, two, some},
      {"pair of 64 B", timed<pair<Memory>>, 1'600'000, 64, {}, several, some},
      {"mixed sizes", timed<mixed<Memory>>, 800'000, 0, {1, mixed_bytes}, several, some},
  };
  if constexpr (std::is_same_v<Memory, std::pmr::memory_resource>) {
    list.insert(list.end(),
                {
                    {"vector growth", timed<vector_growth>, 1000, 0, {1, 1 << 15}, one, all},
                    {"list", timed<list_growth>, 200, 0, {1, 1 << 16}, one, all},
                    {"map", timed<map_growth>, 100, 0, {1, 1 << 16}, one, all},
                    {"table of strings",
                     timed_and_counted<string_table_growth>,
                     50,
                     0,
                     {1, 1 << 19},
                     one,
                     all},
                });
  }
  return list;
}

}  // namespace zpmr::bench
