// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <zpmr/default_allocator.hpp>
#include <zpmr/process_memory.hpp>

#include "churn.hpp"
#include "fill.hpp"
#include "support/sanitizer.hpp"

// Rounds of everything at once until the time is over, and what came of it.

namespace {

using namespace zpmr::test::soak;
using clock_type = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

/// Returns: what a round's threads allocate from: each in turn. The thread sanitizer does not know
/// the locks of private copies, so there only the one that the library was built to prefer.
zpmr::allocator_resource& allocator_of(std::uint64_t round) {
  const auto all = zpmr::allocators();
  return zpmr::test::thread_sanitizer ? *zpmr::default_allocator() : *all[round % all.size()];
}

tally churn_for(seconds time, std::uint64_t round) {
  // Now and then more threads than there are slots for.
  const unsigned lanes = round % 8 == 7 ? 300 : 64;
  std::atomic<bool> stop{false};
  std::jthread timer([&] {
    std::this_thread::sleep_for(time);
    stop = true;
  });
  return churn(lanes, allocator_of(round)).run(stop);
}

tally fill_for(seconds time, std::uint64_t round) {
  constexpr unsigned crowds[] = {2, 8, 64};
  tally sum;
  const auto end = clock_type::now() + time;
  do {
    sum.add(fill(crowds[round % std::size(crowds)], 20));
  } while (clock_type::now() < end);
  return sum;
}

void print_memory(const char* when) {
  const auto resident = zpmr::sample_process_memory().resident;
  std::printf("%-45s %15zu\n", when, resident.value_or(0) >> 10);
}

void print(const tally& sum, double minutes) {
  std::printf("%-45s %15.1f\n", "minutes", minutes);
  for (const tally::line& each : tally::lines) {
    std::printf("%-45s %15llu\n", each.label, static_cast<unsigned long long>(sum.*each.figure));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App options{"Threads, trees, limits, forks and faults at once, for as long as you like"};
  double minutes = 30;
  options.add_option("--minutes", minutes, "how long; a part of one will do")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  const auto start = clock_type::now();
  const auto end = start + std::chrono::duration_cast<clock_type::duration>(seconds(minutes * 60));
  const seconds part = std::min(seconds(4), seconds(minutes * 60 / 4));
  tally sum;
  while (clock_type::now() < end && sum.is_good()) {
    sum.add(churn_for(part, sum.rounds));
    sum.add(fill_for(part / 2, sum.rounds));
    ++sum.rounds;
    if (sum.rounds == 8) print_memory("KiB resident after 8 rounds");
  }
  print_memory("KiB resident at the end");
  print(sum, seconds(clock_type::now() - start).count() / 60);
  return sum.is_good() ? 0 : 1;
}
