// SPDX-License-Identifier: MIT
//
// A program linked with -no-pie that has the address of malloc, which then is one in itself. Whose
// malloc that is cannot be told: rather no figures than those of another.

#include <cstdio>
#include <cstdlib>
#include <zpmr/libc_resource.hpp>

int main() {
  void* (*volatile take)(std::size_t) = &std::malloc;  // in code, as in data it is none of its own
  void* const block = take(100);
  const zpmr::allocator_stats stats = zpmr::libc()->stats();
  const bool told = stats.allocated || stats.mapped || zpmr::libc()->release_free_memory();
  std::free(block);
  if (!told) return 0;
  std::puts("zpmr::libc() tells what it cannot know");
  return 1;
}
