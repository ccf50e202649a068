// SPDX-License-Identifier: MIT

/// \file
/// How does memory use develop? Samples on a thread of their own, as CSV that `./dev plot` draws.

#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <sstream>
#include <string>
#include <zpmr/usage_sampler.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;
using namespace zpmr::literals;

int main() {
  std::ostringstream file;  // a std::ofstream in a program that wants to keep it

  //! [example]
  zpmr::hard_limit cap{64_MiB};
  zpmr::counting_resource memory{zpmr::default_allocator(), "numbers", &cap};
  zpmr::usage_sampler sampler{memory.tracker(), *memory.upstream_resource(), {.interval = 1ms}};
  std::pmr::vector<std::size_t> numbers{&memory};
  for (std::size_t i = 0; i < 500'000; ++i) numbers.push_back(i);
  sampler.stop();
  zpmr::usage_sampler::write_csv_titles(file);
  sampler.write_csv(file);
  //! [example]

  const auto samples = sampler.samples();
  expect(!samples.empty() && sampler.dropped() == 0);
  expect(samples.back().bytes_in_use == memory.bytes_in_use());
  expect(samples.back().peak_bytes <= 64_MiB && samples.back().limit == 64_MiB);
  expect(file.str().starts_with("time_seconds,in_use_bytes,"));
  expect(file.str().ends_with(",\"numbers\"\r\n"));
}
