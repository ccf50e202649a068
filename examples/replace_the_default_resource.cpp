// SPDX-License-Identifier: MIT

/// \file
/// Every `std::pmr` container that is given no resource counts too, copies included.

#include <cstddef>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

//! [example]
/// Never destroyed, as static containers may give back memory after `main`.
zpmr::counting_resource<>& everything() {
  static zpmr::hard_limit cap{64_MiB};
  static auto& memory =
      *new zpmr::counting_resource<>{zpmr::default_allocator(), "everything", &cap};
  return memory;
}
//! [example]

int main() {
  const std::pmr::string before(1000, 'x');  // was there first, and keeps the resource it has

  std::pmr::set_default_resource(&everything());
  const std::pmr::vector<std::pmr::string> names(10, std::pmr::string(100, 'x'));
  const std::pmr::vector<std::pmr::string> copied = names;
  std::cout << everything().snapshot() << '\n';
  expect(everything().snapshot().blocks_in_use() == 2 * (1 + 10));
  expect(names.get_allocator().resource() == &everything());
  expect(before.get_allocator().resource() != &everything());
}
