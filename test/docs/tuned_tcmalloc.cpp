// SPDX-License-Identifier: MIT

/// \file
/// What does tcmalloc make of the variables in its environment? For tuning_tcmalloc_test.sh.

#include <cstddef>
#include <iostream>
#include <memory_resource>
#include <new>
#include <vector>
#include <zpmr/tcmalloc_control.hpp>
#include <zpmr/tcmalloc_resource.hpp>

namespace {

constexpr std::size_t mebibyte = 1 << 20;

void fill_and_drop(std::pmr::memory_resource* memory) {
  const std::pmr::vector<std::pmr::vector<char>> rows(
      1000, std::pmr::vector<char>(10000, 'x', memory), memory);
}

bool can_have(std::pmr::memory_resource* memory, std::size_t bytes) {
  try {
    memory->deallocate(memory->allocate(bytes), bytes);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

int main() {
  fill_and_drop(zpmr::tcmalloc());
  std::cout << "release_rate=" << zpmr::tcmalloc_release_rate() << " given_back="
            << (zpmr::tcmalloc()->stats().retained.value_or(0) > mebibyte ? "yes" : "no")
            << " 64_MiB=" << (can_have(zpmr::tcmalloc(), 64 * mebibyte) ? "yes" : "no") << '\n';
}
