// SPDX-License-Identifier: MIT
#include <iostream>
#include <memory_resource>
#include <vector>
#include <zpmr/zpmr.hpp>

int main() {
  zpmr::counting_resource memory{zpmr::default_allocator(), "packaged"};
  const std::pmr::vector<int> numbers(1000, 1, &memory);
  std::cout << memory.snapshot() << '\n';
  return memory.bytes_in_use() >= 1000 * sizeof(int) ? 0 : 1;
}
