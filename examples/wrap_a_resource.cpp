// SPDX-License-Identifier: MIT

/// \file
/// Any resource can be counted, and counting on both sides of a pool tells what the pool itself
/// holds on to: above it are the bytes that containers use, below it the bytes that it has taken.

#include <iostream>
#include <list>
#include <memory_resource>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

int main() {
  //! [example]
  zpmr::counting_resource held{zpmr::default_allocator(), "held by the pool"};
  std::pmr::unsynchronized_pool_resource pool{&held};
  zpmr::counting_resource live{&pool, "live in containers"};

  std::pmr::list<int> numbers{&live};
  for (int i = 0; i < 1000; ++i) numbers.push_back(i);
  std::cout << "full:     " << live.bytes_in_use() << " live, " << held.bytes_in_use() << " held\n";
  //! [example]
  expect(live.snapshot().blocks_in_use() == 1000 && held.snapshot().blocks_in_use() < 1000);
  expect(live.bytes_in_use() > 0 && held.bytes_in_use() > live.bytes_in_use());

  // Over an allocator the charge is what it really sets aside; over a pool, which cannot tell, it
  // is what was requested.
  expect(live.bytes_in_use() == live.snapshot().requested_bytes_in_use);
  expect(held.bytes_in_use() >= held.snapshot().requested_bytes_in_use);

  numbers.clear();
  std::cout << "cleared:  " << live.bytes_in_use() << " live, " << held.bytes_in_use() << " held\n";
  expect(live.bytes_in_use() == 0 && held.bytes_in_use() > 0);

  pool.release();
  std::cout << "released: " << live.bytes_in_use() << " live, " << held.bytes_in_use() << " held\n";
  expect(held.bytes_in_use() == 0);
}
