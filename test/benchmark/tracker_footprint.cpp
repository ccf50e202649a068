// SPDX-License-Identifier: MIT
//
// tracker_footprint <threads>: prints how many bytes of physical memory a tracker takes once that
// many threads have charged it.

#include <deque>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <zpmr/memory_tracker.hpp>

#include "count_of.hpp"

namespace {

// Not statm, which the kernel keeps roughly only.
std::size_t resident_bytes() {
  std::ifstream in("/proc/self/smaps_rollup");
  std::string word;
  while (in >> word && word != "Rss:") {
  }
  std::size_t kibibytes = 0;
  in >> kibibytes;
  return kibibytes * 1024;
}

void charge_each(std::deque<zpmr::memory_tracker>& trackers) {
  for (zpmr::memory_tracker& each : trackers) {
    each.charge_block(64, 64);
    each.uncharge_block(64, 64);
  }
}

std::size_t bytes_per_tracker(int threads) {
  constexpr std::size_t count = 100'000;
  std::deque<zpmr::memory_tracker> trackers;
  for (int i = 0; i < threads; ++i) std::thread([] {}).join();  // what the first threads cost
  trackers.emplace_back("first");
  charge_each(trackers);
  const std::size_t before = resident_bytes();
  for (std::size_t i = 0; i < count; ++i) trackers.emplace_back("tracker");
  charge_each(trackers);
  for (int i = 1; i < threads; ++i) std::thread([&] { charge_each(trackers); }).join();
  return (resident_bytes() - before) / count;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc == 2 ? zpmr::bench::count_of(argv[1]) : 0;
  if (threads == 0) {
    std::cerr << "usage: tracker_footprint <threads>, from 1 to 1,000,000\n";
    return 1;
  }
  std::cout << bytes_per_tracker(threads) << '\n';
}
