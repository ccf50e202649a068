// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_libc

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <zpmr/libc_resource.hpp>

#include "support/sanitizer.hpp"

namespace {

struct with_prefix {
  static constexpr bool survives_exhaustion = !zpmr::test::malloc_is_replaced;
  zpmr::libc_resource another;
  zpmr::libc_resource asking_the_system{zpmr::libc_block_size::system};

  zpmr::libc_resource* resource() { return zpmr::libc(); }
  zpmr::libc_resource* an_equal() { return &another; }
  zpmr::libc_resource* unequal() { return &asking_the_system; }
};

struct without_prefix {
  static constexpr bool survives_exhaustion = !zpmr::test::malloc_is_replaced;
  zpmr::libc_resource mine{zpmr::libc_block_size::system};
  zpmr::libc_resource another{zpmr::libc_block_size::system};

  zpmr::libc_resource* resource() { return &mine; }
  zpmr::libc_resource* an_equal() { return &another; }
  zpmr::libc_resource* unequal() { return zpmr::libc(); }
};

using subjects = std::tuple<with_prefix, without_prefix>;

}  // namespace

#include "support/resource_conformance.hpp"
