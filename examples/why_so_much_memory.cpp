// SPDX-License-Identifier: MIT

/// \file
/// A heap full of holes, and what the diagnosis says of it.

#include <algorithm>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/fragmentation.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

int main() {
  zpmr::allocator_resource& allocator = *zpmr::default_allocator();
  zpmr::counting_resource memory{&allocator, "sessions"};
  std::vector<std::pmr::string> sessions;
  for (std::size_t i = 0; i < 200'000; ++i) sessions.emplace_back(400, 'x', &memory);
  // One in eight stays, and keeps its page.
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    if (i % 8 != 0) std::pmr::string(&memory).swap(sessions[i]);
  }

  //! [example]
  const zpmr::heap_sample sample = zpmr::sample_heap(allocator, memory.tracker());
  const zpmr::fragmentation steps = zpmr::fragmentation_of(sample);
  if (steps.inside_allocator) {
    std::cout << "pages / blocks in use: " << steps.inside_allocator->ratio << '\n';
  }
  for (const zpmr::finding& finding : zpmr::diagnose(sample)) {
    std::cout << "- " << finding << '\n';
  }
  //! [example]
  if (allocator.name() == "jemalloc") {
    const auto found = zpmr::diagnose(sample);
    expect(std::ranges::count(found, zpmr::finding_kind::inside_allocator, &zpmr::finding::kind) ==
           1);
  }
}
