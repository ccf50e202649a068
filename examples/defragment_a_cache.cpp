// SPDX-License-Identifier: MIT

/// \file
/// A cache has lost most of its entries, but gives hardly any memory back: the others live in the
/// same slabs. They are moved together, a millisecond at a time, between the requests.

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <zpmr/defragment.hpp>
#include <zpmr/relocation_hint.hpp>
#include <zpmr/relocation_scope.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;

namespace {

using cache_map = std::pmr::unordered_map<int, std::pmr::string>;

void serve_a_request(cache_map& cache, int number) {
  cache.erase(10 * number);
}

/// Returns: how many calls it took.
std::size_t defragment_between_requests(cache_map& cache) {
  std::size_t calls = 0;
  //! [example]
  zpmr::defragment_cursor<cache_map> place;  // one for each container
  for (bool finished = false; !finished; ++calls) {
    serve_a_request(cache, static_cast<int>(calls));
    const zpmr::defragment_figures done = zpmr::defragment(cache, place, {.time = 1ms});
    finished = done.finished;
  }
  //! [example]
  return calls;
}

/// A block that is not in a container.
struct message {
  void* block;
  std::size_t bytes;
};

void move_if_it_helps(std::pmr::memory_resource& memory, message& sent) {
  //! [hint]
  if (zpmr::relocation_hint(memory, sent.block) == zpmr::relocation::move) {
    const zpmr::relocation_scope scope;
    void* const better = memory.allocate(sent.bytes);
    std::memcpy(better, sent.block, sent.bytes);
    memory.deallocate(sent.block, sent.bytes);
    sent.block = better;
  }
  //! [hint]
}

}  // namespace

/// With an argument, the cache has so many entries.
int main(int count, char** arguments) {
  const int entries = count > 1 ? std::atoi(arguments[1]) : 200'000;
  zpmr::counting_resource memory{zpmr::default_allocator(), "cache"};
  cache_map cache{&memory};
  for (int i = 0; i < entries; ++i) cache.emplace(i, std::string(100, 'x'));
  std::erase_if(cache, [](const auto& entry) { return entry.first % 10 != 0; });
  message hello{memory.allocate(100), 100};

  zpmr::default_allocator()->release_free_memory();
  const zpmr::allocator_stats before = zpmr::default_allocator()->stats();
  const std::size_t calls = defragment_between_requests(cache);
  move_if_it_helps(memory, hello);
  zpmr::default_allocator()->release_free_memory();
  const zpmr::allocator_stats after = zpmr::default_allocator()->stats();

  if (zpmr::has_relocation_hints(memory)) {
    std::cout << "in " << calls << " calls of a millisecond, the pages in use went from "
              << before.active.value_or(0) << " to " << after.active.value_or(0) << " bytes\n";
    expect(after.active < *before.active / 2);
  } else {
    std::cout << zpmr::default_allocator()->version() << " cannot tell what should move\n";
    expect(calls == 1);
  }
  memory.deallocate(hello.block, hello.bytes);
}
