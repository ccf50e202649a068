// SPDX-License-Identifier: MIT
//
// Compiled once for each allocator that is built in, with its name as ZPMR_TEST_ALLOCATOR.

#define BOOST_TEST_MODULE conformance_of_allocator

#include <boost/test/unit_test.hpp>
#include <tuple>
#include <type_traits>

#include "allocators/built_in.hpp"

namespace {

struct process_wide_allocator {
  static constexpr bool survives_exhaustion = true;
  std::remove_pointer_t<decltype(zpmr::ZPMR_TEST_ALLOCATOR())> another;

  auto* resource() { return zpmr::ZPMR_TEST_ALLOCATOR(); }
  auto* an_equal() { return &another; }
  auto* unequal() { return zpmr::libc(); }
};

using subjects = std::tuple<process_wide_allocator>;

}  // namespace

#include "support/resource_conformance.hpp"
