// SPDX-License-Identifier: MIT

/// \file
/// A part of the program that has jemalloc for itself: nothing of others lies between its blocks,
/// its figures are exact, and all of it goes at once, without destroying element by element.

#include <iostream>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <memory_resource>
#include <new>
#include <string>
#include <vector>
#include <zpmr/jemalloc_arena_resource.hpp>

#include "expect.hpp"

int main() {
  using texts = std::pmr::vector<std::pmr::string>;
  //! [example]
  zpmr::jemalloc_arena_resource session;
  auto* words = new (session.allocate(sizeof(texts), alignof(texts))) texts(&session);
  for (int i = 0; i < 100000; ++i) words->emplace_back(100, 'x');
  std::cout << "The session holds " << session.stats().allocated.value_or(0) << " bytes\n";

  session.release();  // faster than to destroy 100,000 strings: they hold nothing but this memory
  std::cout << "Afterwards it holds " << session.stats().allocated.value_or(0) << " bytes\n";
  //! [example]
  expect(session.stats().allocated.value_or(0) == 0);
}

#else

int main() {
  std::cout << "zpmr was built without jemalloc\n";
}

#endif
