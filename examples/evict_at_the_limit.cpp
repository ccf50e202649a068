// SPDX-License-Identifier: MIT

/// \file
/// A cache makes room whenever another container needs it: Redis's way, but before the limit is
/// passed and not after.

#include <cstddef>
#include <iostream>
#include <list>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

int main() {
  //! [example]
  std::pmr::list<std::pmr::string>* cache = nullptr;
  zpmr::evicting_limit cap{1_MiB, [&cache](const zpmr::limit_event&) {
                             if (cache->empty()) return false;  // nothing left: refuse
                             cache->pop_front();
                             return true;  // see whether it fits now
                           }};
  zpmr::counting_resource memory{zpmr::default_allocator(), "server", &cap};
  std::pmr::list<std::pmr::string> pages{&memory};
  cache = &pages;
  //! [example]

  // The policy must not touch a container that is in the middle of an operation, so the cache never
  // allocates: what is new is made beside it, where the policy does not look, and spliced in. (With
  // more threads than this one, the cache would need a lock, in the policy too.)
  for (int i = 0; i < 400; ++i) {
    std::pmr::list<std::pmr::string> fresh{&memory};
    fresh.emplace_back(4'000, 'x');
    pages.splice(pages.end(), fresh);
  }
  const std::size_t before = pages.size();
  const std::pmr::vector<std::byte> upload(600_KiB, &memory);

  std::cout << "400 pages were read; the cache kept " << before << ", and " << pages.size()
            << " when an upload of " << upload.size() << " bytes came in\n"
            << memory.snapshot() << '\n';
  expect(before > pages.size() && before < 400 && !pages.empty());
  expect(memory.peak_bytes() <= 1_MiB && memory.snapshot().denied == 0);
}
