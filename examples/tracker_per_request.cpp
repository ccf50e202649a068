// SPDX-License-Identifier: MIT

/// \file
/// Each request of a server has a tracker: it may take so much and no more, and its log line says
/// what it took. What all requests took together stays in the parent.

#include <cstddef>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

//! [example]
/// Returns: the status of HTTP for a request that answers with so many rows.
int answer(std::size_t rows, zpmr::memory_tracker& requests, zpmr::limit_policy& at_most) {
  zpmr::memory_tracker request{"request", requests, &at_most};
  zpmr::counting_resource memory{zpmr::default_allocator(), request};
  try {
    const std::pmr::vector<std::pmr::string> result(rows, std::pmr::string(100, 'x'), &memory);
    std::clog << rows << " rows took " << request.peak_bytes() << " bytes\n";
    return 200;
  } catch (const zpmr::limit_exceeded& refusal) {
    std::clog << rows << " rows: " << refusal.what() << '\n';
    return 503;
  }
}
//! [example]

int main() {
  zpmr::hard_limit all{16_MiB}, one{1_MiB};
  zpmr::memory_tracker requests{"requests", &all};
  expect(answer(100, requests, one) == 200);
  expect(answer(100'000, requests, one) == 503);
  expect(answer(1'000, requests, one) == 200);

  const zpmr::memory_usage usage = requests.snapshot();
  std::cout << "all requests: " << usage << '\n';
  expect(usage.bytes_in_use == 0 && usage.denied == 1);
  expect(usage.allocations > 1'100 && usage.total_bytes > usage.peak_bytes);
  expect(usage.peak_bytes <= 1_MiB);  // one at a time
}
