// SPDX-License-Identifier: MIT

/// \file
/// What does tcmalloc make of the variables in its environment? For tuning_tcmalloc_test.sh.

#include <algorithm>
#include <array>
#include <cstddef>
#include <iostream>
#include <map>
#include <memory_resource>
#include <new>
#include <semaphore>
#include <thread>
#include <utility>
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

const char* given_back() {
  return zpmr::tcmalloc()->stats().retained.value_or(0) > mebibyte ? "yes" : "no";
}

/// Returns: how many blocks a thread's cache gets at a time. Two threads allocate in turns, so what
/// one of them gets lies side by side for so long as it comes from one transfer, but for the few
/// that come from two spans.
std::size_t blocks_in_a_transfer(std::pmr::memory_resource* memory) {
  constexpr std::size_t size = 8;
  std::array<std::binary_semaphore, 2> turns{std::binary_semaphore(1), std::binary_semaphore(0)};
  std::map<std::size_t, std::size_t> rows;  // how many there were of each length
  const auto allocate_in_turns = [&](std::size_t self) {
    const char* last = nullptr;
    std::size_t in_a_row = 0;
    for (int i = 0; i < 5000; ++i) {
      turns[self].acquire();
      const auto* const block = static_cast<const char*>(memory->allocate(size, size));
      if (block != last + size) ++rows[std::exchange(in_a_row, 0)];
      ++in_a_row;
      last = block;
      turns[1 - self].release();
    }
  };
  std::thread other{allocate_in_turns, 1};
  allocate_in_turns(0);
  other.join();
  return std::ranges::max_element(rows, {}, [](const auto& each) { return each.second; })->first;
}

}  // namespace

int main() {
  const std::size_t in_a_transfer = blocks_in_a_transfer(zpmr::tcmalloc());
  fill_and_drop(zpmr::tcmalloc());
  std::cout << "release_rate=" << zpmr::tcmalloc_release_rate() << " given_back=" << given_back()
            << " 64_MiB=" << (can_have(zpmr::tcmalloc(), 64 * mebibyte) ? "yes" : "no");
  zpmr::tcmalloc()->release_free_memory();
  std::cout << " given_back_when_asked=" << given_back() << " transfer=" << in_a_transfer << '\n';
}
