// SPDX-License-Identifier: MIT

/// \file
/// How much memory does this container take, and what if it wants more than it may have?

#include <iostream>
#include <memory_resource>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

int main() {
  //! [example]
  zpmr::hard_limit cap{1_MiB};
  zpmr::counting_resource memory{zpmr::default_allocator(), "numbers", &cap};
  std::pmr::vector<int> numbers{&memory};
  numbers.assign(1000, 42);
  std::cout << "after 1,000 numbers: " << memory.snapshot() << '\n';
  try {
    numbers.reserve(1'000'000);  // 4 MB
  } catch (const zpmr::limit_exceeded& refusal) {
    std::cout << refusal.what() << '\n';  // and the vector is as it was
  }
  //! [example]
  const zpmr::memory_usage usage = memory.snapshot();
  expect(numbers.size() == 1000 && usage.blocks_in_use() == 1 && usage.denied == 1);
  expect(usage.requested_bytes_in_use == 1000 * sizeof(int));
  expect(usage.bytes_in_use >= usage.requested_bytes_in_use && usage.peak_bytes <= usage.limit);

  numbers =
      std::pmr::vector<int>{&memory};  // the only way to be sure that its memory is given back
  expect(memory.bytes_in_use() == 0);
}
