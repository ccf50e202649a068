// SPDX-License-Identifier: MIT
//
// Runs every work on every subject of one program: under callgrind with --count, else against the
// clock, with the options of Google Benchmark.

#include <benchmark/benchmark.h>

#include <string_view>
#include <thread>

#include "suite.hpp"

int main(int argc, char** argv) {
  // glibc leaves out locks until the first thread starts. No case may profit from being early.
  std::thread([] {}).join();

  zpmr::bench::suite all;
  zpmr::bench::add_subjects(all);
  if (argc == 2 && std::string_view(argv[1]) == "--count") {
    all.count_instructions();
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("compiler", ZPMR_BENCH_COMPILER);
  benchmark::AddCustomContext("versions", zpmr::bench::versions());
  all.register_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
}
