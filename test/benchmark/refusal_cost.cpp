// SPDX-License-Identifier: MIT
//
// refusal_cost <leaves>: prints how many nanoseconds it takes to refuse a charge in a tree that is
// full, beside so many leaves that are idle but have been charged.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <zpmr/literals.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "count_of.hpp"
#include "stopwatch.hpp"

namespace {

using namespace zpmr::literals;

double nanoseconds_of_a_refusal(zpmr::memory_tracker& leaf) {
  constexpr int refusals = 100'000;
  const zpmr::bench::stopwatch watch(1);
  for (int i = 0; i < refusals; ++i) {
    if (leaf.try_charge(1)) std::abort();
  }
  return watch.seconds() / refusals * 1e9;
}

double median_in_a_full_tree(int leaves) {
  zpmr::hard_limit cap{64_MiB};
  zpmr::memory_tracker root{"root", &cap};
  std::deque<zpmr::memory_tracker> idle;
  for (int i = 0; i < leaves; ++i) {
    idle.emplace_back("idle", root).charge_block(64, 64);
    idle.back().uncharge_block(64, 64);
  }
  zpmr::memory_tracker leaf{"leaf", root};
  leaf.charge(64_MiB);
  std::array<double, 9> times;
  for (double& each : times) each = nanoseconds_of_a_refusal(leaf);
  leaf.uncharge(64_MiB);
  while (!idle.empty()) idle.pop_back();
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int leaves = argc == 2 ? zpmr::bench::count_of(argv[1]) : 0;
  if (leaves == 0) {
    std::cerr << "usage: refusal_cost <leaves>, from 1 to 1,000,000\n";
    return 1;
  }
  std::cout << median_in_a_full_tree(leaves) << '\n';
}
