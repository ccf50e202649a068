// SPDX-License-Identifier: MIT
//
// A program linked with -no-pie, in which all is as in others.

#include <cstdio>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/libc_resource.hpp>

namespace {

constexpr std::size_t bytes = 1'000'000;

bool counts(zpmr::allocator_resource* allocator) {
  zpmr::counting_resource memory{allocator, "not moved"};
  void* const block = memory.allocate(bytes);
  const bool counted = memory.bytes_in_use() >= bytes;
  memory.deallocate(block, bytes);
  return counted && memory.bytes_in_use() == 0;
}

/// Whether the C library's figures are there, and are those of this program's blocks.
bool libc_knows_its_figures() {
  const auto before = zpmr::libc()->stats().allocated;
  void* const block = zpmr::libc()->allocate(bytes);
  const auto after = zpmr::libc()->stats().allocated;
  zpmr::libc()->deallocate(block, bytes);
  return before && after && *after >= *before + bytes;
}

}  // namespace

int main() {
  for (zpmr::allocator_resource* const each : zpmr::allocators()) {
    if (!counts(each)) {
      std::printf("%s does not count right\n", each->name().data());
      return 1;
    }
  }
  if (libc_knows_its_figures()) return 0;
  std::puts("the C library's figures are not there");
  return 1;
}
