// SPDX-License-Identifier: MIT
//
// A program that uses every backend there is, and counts.

#include <cstdlib>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/config.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/libc_resource.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_resource.hpp>
#endif
#if ZPMR_WITH_TCMALLOC
#include <zpmr/tcmalloc_resource.hpp>
#endif

namespace {

template <class Allocator>
bool counts(Allocator* allocator) {
  zpmr::counting_resource memory{allocator, allocator->name()};
  {
    std::pmr::vector<std::pmr::string> lines{&memory};
    for (int i = 0; i < 1000; ++i) lines.emplace_back(100, 'x');
    std::cout << allocator->version() << ": " << memory.bytes_in_use() << " bytes in use\n";
    if (memory.bytes_in_use() < 100 * 1000) return false;
  }
  return memory.bytes_in_use() == 0;
}

}  // namespace

int main(int count, char**) {
  if (count > 1) {  // asked for the version
    std::cout << ZPMR_VERSION << '\n';
    return EXIT_SUCCESS;
  }
  bool right = counts(zpmr::default_allocator());
  for (zpmr::allocator_resource* each : zpmr::allocators()) right &= counts(each);
  right &= counts(zpmr::libc());
#if ZPMR_WITH_JEMALLOC
  right &= counts(zpmr::jemalloc());
#endif
#if ZPMR_WITH_TCMALLOC
  right &= counts(zpmr::tcmalloc());
#endif
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
