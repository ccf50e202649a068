// SPDX-License-Identifier: MIT
#include "suite.hpp"

#include <algorithm>

namespace zpmr::bench {

void suite::register_benchmarks() {
  std::ranges::stable_sort(cases_, {}, &timed_case::position);
  for (const timed_case& each : cases_) {
    benchmark::RegisterBenchmark(each.name.c_str(), each.time)
        ->Threads(each.threads)
        ->Iterations(each.iterations)
        ->UseManualTime()
        ->Teardown([](const benchmark::State&) { finished_site.reset(); });
  }
}

void suite::count_instructions() {
  for (const timed_case& each : cases_) {
    if (each.threads != 1) continue;
    each.count();
    finished_site.reset();
  }
}

}  // namespace zpmr::bench
