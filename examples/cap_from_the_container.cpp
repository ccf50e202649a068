// SPDX-License-Identifier: MIT

/// \file
/// A cap taken from what the container, or the machine, lets the process have.

#include <iostream>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>
#include <zpmr/memory_budget.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

int main() {
  //! [example]
  // Three quarters; the rest is for code, stacks, and what the allocator keeps free.
  const std::optional<std::size_t> budget = zpmr::memory_budget(0.75);
  zpmr::hard_limit cap{budget.value_or(512_MiB)};  // where nothing is known of the machine
  zpmr::counting_resource memory{zpmr::default_allocator(), "server", &cap};
  std::pmr::vector<int> numbers(1000, &memory);
  std::cout << memory.bytes_in_use() << " of " << cap.limit() << " bytes in use\n";
  //! [example]
  expect(memory.tracker().limit() == cap.limit() && cap.limit() > memory.bytes_in_use());

  //! [process]
  const zpmr::process_memory process = zpmr::sample_process_memory();
  const auto print = [](std::string_view what, std::optional<std::size_t> bytes) {
    if (bytes) std::cout << what << ": " << *bytes << " bytes\n";
  };
  print("resident", process.resident);
  print("limit of the container", process.cgroup_limit);
  print("memory of the machine", process.physical);
  print("proportional share", zpmr::smaps_field("Pss"));  // any figure that Linux has
  //! [process]
  if (budget && process.physical) expect(*budget <= *process.physical);
}
