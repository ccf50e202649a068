// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <valgrind/callgrind.h>

#include <cstddef>
#include <string>

#include "loads/post.hpp"
#include "site.hpp"
#include "stopwatch.hpp"

/// \file
/// The two ways to run a load: against the clock, and under callgrind.

namespace zpmr::bench {

inline long page_faults_of_this_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt;
}

/// Every load warms up first: its memory is mapped and its caches are full when the clock starts.
template <class Load>
void warm_up(Load& load, std::size_t operations) {
  for (std::size_t i = 0; i < operations; ++i) load();
}

template <class Load>
void time_load(benchmark::State& state, site<typename Load::memory_type>& where, const post& at) {
  Load load(where, at);
  warm_up(load, static_cast<std::size_t>(state.max_iterations) / 2 + 1);
  const long faults = page_faults_of_this_thread();
  const stopwatch watch(state.threads());
  for ([[maybe_unused]] auto iteration : state) load();
  state.SetIterationTime(watch.seconds());
  const double items = static_cast<double>(state.iterations()) * Load::items;
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
  state.counters["page_faults_per_item"] =
      benchmark::Counter(static_cast<double>(page_faults_of_this_thread() - faults) / items,
                         benchmark::Counter::kAvgThreads);
}

/// Preconditions: the program runs under callgrind with `--collect-atstart=no`.
/// Effects: leaves a dump with a title of the form "<items> <label>".
template <class Load>
void count_load(site<typename Load::memory_type>& where, const post& at, const std::string& label) {
  constexpr std::size_t operations = (7'999 + Load::items) / Load::items;
  const std::string title = std::to_string(operations * Load::items) + " " + label;
  Load load(where, at);
  // So much that the allocator has also looked after what earlier loads have left in its caches.
  warm_up(load, 8 * operations);
  CALLGRIND_TOGGLE_COLLECT;
  for (std::size_t i = 0; i < operations; ++i) load();
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS_AT(title.c_str());
}

template <class Memory>
struct load_runner {
  void (*time)(benchmark::State&, site<Memory>&, const post&);
  void (*count)(site<Memory>&, const post&, const std::string& label);  ///< null: only timed
};

template <class Load>
inline constexpr load_runner<typename Load::memory_type> timed{time_load<Load>, nullptr};

template <class Load>
inline constexpr load_runner<typename Load::memory_type> timed_and_counted{time_load<Load>,
                                                                           count_load<Load>};

}  // namespace zpmr::bench
