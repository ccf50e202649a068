// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>
#include <unordered_map>
#include <zpmr/zpmr.hpp>

using namespace zpmr::literals;

int main() {
  zpmr::hard_limit cap{64_MiB};
  zpmr::counting_resource memory{zpmr::default_allocator(), "cache", &cap};
  std::pmr::unordered_map<std::pmr::string, std::pmr::string> table{&memory};
  table.emplace("answer", "a text that is too long for the string's own buffer");
  std::cout << memory.snapshot() << '\n';
  return memory.bytes_in_use() > 0 && memory.peak_bytes() <= 64_MiB ? 0 : 1;
}
