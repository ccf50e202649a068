// SPDX-License-Identifier: MIT

/// \file
/// C code that knows nothing of limits, below a budget that it shares with C++: when it wants more
/// than there is, a cache makes room.

#include <cstddef>
#include <iostream>
#include <list>
#include <memory_resource>
#include <string>
#include <zpmr/zmalloc.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

/// Stands for a C library: it only wants memory.
extern "C" {
static void* parse_document(std::size_t bytes) {
  return ztrycalloc(bytes);
}
static void drop_document(void* document) {
  zfree(document);
}
}

int main() {
  //! [example]
  static std::pmr::list<std::pmr::string>* cache = nullptr;
  auto& cap = *new zpmr::evicting_limit{1_MiB, [](const zpmr::limit_event& event) {
                                          const bool can_help = event.requested <= event.limit;
                                          if (!can_help || cache->empty()) return false;  // refuse
                                          cache->pop_front();
                                          return true;
                                        }};
  auto& budget = *new zpmr::memory_tracker{"server", &cap};  // both live as long as the tracker
  zpmr::make_zmalloc_tracker(budget);                        // before the first allocation
  zpmr::counting_resource memory{zpmr::default_allocator(), budget};
  std::pmr::list<std::pmr::string> pages{&memory};
  cache = &pages;
  //! [example]

  for (int i = 0; i < 100; ++i) pages.emplace_back(8'000, 'x');
  void* const document = parse_document(600_KiB);
  std::cout << "of 100 pages the cache kept " << pages.size() << " when C code wanted "
            << zmalloc_usable_size(document) << " bytes\n"
            << budget.snapshot() << '\n';
  expect(!pages.empty() && pages.size() < 100 && budget.peak_bytes() <= 1_MiB);
  expect(zpmr::zmalloc_tracker().bytes_in_use() == zmalloc_used_memory());

  const std::size_t kept = pages.size();
  void* const too_large = parse_document(2_MiB);
  expect(too_large == nullptr && pages.size() == kept);  // nothing was evicted in vain
  drop_document(document);
}
