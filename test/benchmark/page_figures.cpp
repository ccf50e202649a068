// SPDX-License-Identifier: MIT
//
// page_figures: the figures of pages other than docs/benchmarks.md: what an arena of one's own
// costs, what checks, what a sample of the process's memory, what a trace, and how long the steps
// of defragmenting are. Processor time, medians of nine; the steps, once, by the clock.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <list>
#include <memory_resource>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <zpmr/checked_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/defragment.hpp>
#include <zpmr/jemalloc_arena_resource.hpp>
#include <zpmr/jemalloc_resource.hpp>
#include <zpmr/literals.hpp>
#include <zpmr/process_memory.hpp>
#include <zpmr/trace_resource.hpp>

#include "stopwatch.hpp"

namespace {

using namespace zpmr::literals;

constexpr int repetitions = 9;

double median(std::array<double, repetitions> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Returns: the seconds that one of `count` calls takes.
template <class Work>
double seconds_of(int count, Work work) {
  const zpmr::bench::stopwatch watch(1);
  for (int i = 0; i < count; ++i) work();
  return watch.seconds() / count;
}

template <class Work>
double median_seconds_of(int count, Work work) {
  std::array<double, repetitions> times;
  for (double& each : times) each = seconds_of(count, work);
  return median(times);
}

void pair(std::pmr::memory_resource& memory) {
  memory.deallocate(memory.allocate(64), 64);
}

/// 4,096 blocks of 8 to 1,008 bytes, one of which at random makes way for another.
class mixed_sizes {
 public:
  explicit mixed_sizes(std::pmr::memory_resource& memory) : memory_(memory) {
    for (block& each : blocks_) each = make();
  }
  ~mixed_sizes() {
    for (block& each : blocks_) memory_.deallocate(each.start, each.bytes);
  }
  mixed_sizes(const mixed_sizes&) = delete;
  mixed_sizes& operator=(const mixed_sizes&) = delete;

  void operator()() {
    block& one = blocks_[random_() % blocks_.size()];
    memory_.deallocate(one.start, one.bytes);
    one = make();
  }

 private:
  struct block {
    void* start = nullptr;
    std::size_t bytes = 0;
  };

  block make() {
    const std::size_t bytes = 8 + 8 * (random_() % 126);
    return {memory_.allocate(bytes), bytes};
  }

  std::pmr::memory_resource& memory_;
  std::minstd_rand random_{1};
  std::vector<block> blocks_ = std::vector<block>(4096);
};

/// Returns: how many times as long `that` takes; the two take turns, so that both meet the same
/// noise.
template <class That, class This>
double times_as_long(That that, This reference) {
  constexpr int count = 100'000;
  std::array<double, repetitions> ratios;
  for (double& each : ratios) each = seconds_of(count, that) / seconds_of(count, reference);
  return median(ratios);
}

double mixed_ratio(std::pmr::memory_resource& that, std::pmr::memory_resource& reference) {
  mixed_sizes one{that}, other{reference};
  return times_as_long([&] { one(); }, [&] { other(); });
}

double pair_ratio(std::pmr::memory_resource& that, std::pmr::memory_resource& reference) {
  return times_as_long([&] { pair(that); }, [&] { pair(reference); });
}

void measure_arenas() {
  zpmr::jemalloc_arena_resource arena;
  std::cout << "arena / jemalloc(), pair of 64 B: " << pair_ratio(arena, *zpmr::jemalloc())
            << "\narena / jemalloc(), mixed sizes: " << mixed_ratio(arena, *zpmr::jemalloc())
            << "\narena made, used once, destroyed: "
            << 1e6 * median_seconds_of(100,
                                       [] {
                                         zpmr::jemalloc_arena_resource short_lived;
                                         pair(short_lived);
                                       })
            << " µs\n";
}

void measure_checks() {
  struct {
    std::string_view what;
    std::size_t sample_interval;
  } const kinds[] = {
      {"no block checked", std::size_t{1} << 60}, {"one in 2 MiB", 2_MiB}, {"every block", 0}};
  for (const auto& each : kinds) {
    zpmr::checked_resource checked{
        zpmr::jemalloc(), "checked", {.sample_interval = each.sample_interval}};
    std::cout << each.what
              << " / jemalloc(), pair of 64 B: " << pair_ratio(checked, *zpmr::jemalloc())
              << ", mixed sizes: " << mixed_ratio(checked, *zpmr::jemalloc()) << '\n';
  }
}

void measure_samples() {
  const auto sample = [] { static_cast<void>(zpmr::sample_process_memory()); };
  const auto read_statm = [] {
    std::string line;
    std::getline(std::ifstream{"/proc/self/statm"}, line);
  };
  std::cout << "sample_process_memory, small: " << 1e3 * median_seconds_of(10, sample)
            << " ms\nstatm: " << 1e6 * median_seconds_of(100, read_statm) << " µs\n";
  const std::vector<char> large(1_GiB, 'x');
  std::cout << "sample_process_memory, 1 GiB more: " << 1e3 * median_seconds_of(3, sample)
            << " ms\n";
}

void measure_traces() {
  const std::string file = std::filesystem::temp_directory_path() /
                           ("zpmr_page_figures_" + std::to_string(::getpid()) + ".trace");
  zpmr::counting_resource counted{zpmr::jemalloc()};
  zpmr::start_trace(file.c_str());
  zpmr::trace_resource traced{zpmr::jemalloc()};
  std::cout << "traced / counted, pair of 64 B: " << pair_ratio(traced, counted)
            << "\ntraced / counted, mixed sizes: " << mixed_ratio(traced, counted) << '\n';
  zpmr::stop_trace();
  std::filesystem::remove(file);
}

/// Effects: leaves one in ten of the elements, at random.
template <class Container>
void thin_out(Container& container) {
  std::minstd_rand random{1};
  std::erase_if(container, [&](const auto&) { return random() % 10 != 0; });
}

template <class Container>
void measure_steps(std::string_view what, Container& container) {
  using milliseconds = std::chrono::duration<double, std::milli>;
  zpmr::defragment_cursor<Container> place;
  int steps = 0;
  milliseconds longest{};
  for (bool finished = false; !finished; ++steps) {
    const auto start = std::chrono::steady_clock::now();
    finished = zpmr::defragment(container, place, {.time = std::chrono::milliseconds{1}}).finished;
    longest = std::max<milliseconds>(longest, std::chrono::steady_clock::now() - start);
  }
  std::cout << what << " of " << container.size() << " strings: " << steps
            << " steps of 1 ms, the longest " << longest.count() << " ms\n";
}

void measure_defragmentation() {
  constexpr int count = 1'000'000;
  const char* const text = "a text that is too long for the string's own buffer";
  std::pmr::list<std::pmr::string> list(count, text, zpmr::jemalloc());
  thin_out(list);
  measure_steps("list", list);
  std::pmr::unordered_map<int, std::pmr::string> map{zpmr::jemalloc()};
  for (int i = 0; i < count; ++i) map.emplace(i, text);
  thin_out(map);
  measure_steps("unordered_map", map);
}

}  // namespace

int main() {
  std::cout.precision(3);
  measure_arenas();
  measure_checks();
  measure_samples();
  measure_traces();
  measure_defragmentation();
}
