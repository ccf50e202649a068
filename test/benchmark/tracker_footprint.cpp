// SPDX-License-Identifier: MIT
//
// tracker_footprint <threads>: prints how many bytes of physical memory a tracker takes once that
// many threads have charged it.

#include <fstream>
#include <iostream>
#include <memory>
#include <span>
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

void charge_each(std::span<zpmr::memory_tracker> trackers) {
  for (zpmr::memory_tracker& each : trackers) {
    each.charge_block(64, 64);
    each.uncharge_block(64, 64);
  }
}

std::size_t bytes_per_tracker(int threads) {
  constexpr std::size_t count = 100'000;
  // In one piece, so that no allocator's own cost is in it. Never destroyed: the program ends.
  zpmr::memory_tracker* const first = std::allocator<zpmr::memory_tracker>().allocate(count + 1);
  const std::span trackers(first + 1, count);
  for (int i = 0; i < threads; ++i) std::thread([] {}).join();  // what the first threads cost
  charge_each({std::construct_at(first, "first"), 1});
  const std::size_t before = resident_bytes();
  for (zpmr::memory_tracker& each : trackers) std::construct_at(&each, "tracker");
  charge_each(trackers);
  for (int i = 1; i < threads; ++i) std::thread([=] { charge_each(trackers); }).join();
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
