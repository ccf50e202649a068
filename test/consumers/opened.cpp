// SPDX-License-Identifier: MIT
//
// A library with zpmr in it, for a program that opens it as it runs.

#include <zpmr/zpmr.hpp>

#include <memory_resource>

extern "C" int use_zpmr() {
  for (zpmr::allocator_resource* const allocator : zpmr::allocators()) {
    zpmr::counting_resource memory{allocator, "opened"};
    {
      const std::pmr::string text(1000, 'x', &memory);
      if (memory.bytes_in_use() < text.size()) return 1;
    }
    if (memory.bytes_in_use() != 0) return 1;
  }
  return 0;
}
