// SPDX-License-Identifier: MIT

/// \file
/// How much memory does this phase of the program add, and how much does it need meanwhile?

#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

int main() {
  zpmr::counting_resource memory{zpmr::default_allocator(), "numbers"};
  std::pmr::vector<int> numbers(1000, 42, &memory);

  //! [scope]
  zpmr::usage_scope phase{memory.tracker()};
  {
    const std::pmr::string scratch(10'000, ' ', &memory);
    numbers.push_back(43);
  }
  std::cout << "the phase added " << phase.bytes() << " bytes, at most " << phase.peak_bytes()
            << ", in " << phase.allocations() << " allocations\n";
  //! [scope]
  expect(phase.allocations() == 2 && phase.bytes() > 0);
  expect(phase.peak_bytes() > phase.bytes() && phase.peak_bytes() > 10'000);

  const zpmr::usage_scope next_phase{memory.tracker()};
  numbers = std::pmr::vector<int>{&memory};
  expect(next_phase.bytes() < 0 && next_phase.peak_bytes() == 0);  // it gave back only
}
