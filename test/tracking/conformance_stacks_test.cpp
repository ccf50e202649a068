// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_stacks

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/failing_resource.hpp>

#include "support/aligned_pools.hpp"
#include "support/sanitizer.hpp"

namespace {

using zpmr::counting_resource;

constexpr bool survives = !zpmr::test::malloc_is_replaced;

/// The resource under test lies on another that counts.
struct on_counting {
  static constexpr bool survives_exhaustion = survives;
  counting_resource<> below{zpmr::default_allocator(), "below"};

  ~on_counting() {
    BOOST_TEST(below.bytes_in_use() == 0u);
    BOOST_TEST(below.snapshot().blocks_in_use() == 0u);
  }
};

struct counting_on_counting : on_counting {
  counting_resource<> one{&below, "one"};
  counting_resource<> another{&below, one.tracker()};

  auto* resource() { return &one; }
  auto* an_equal() { return &one; }
  auto* unequal() { return &another; }
};

struct failing_on_counting : on_counting {
  zpmr::failure_schedule failures;
  zpmr::failing_resource one{&below, failures};

  auto* resource() { return &one; }
  auto* an_equal() { return &one; }
  auto* unequal() { return &below; }
};

struct counting_on_failing_on_counting : failing_on_counting {
  counting_resource<zpmr::failing_resource> top{&one, "top"};

  auto* resource() { return &top; }
  auto* an_equal() { return &top; }
  auto* unequal() { return &one; }
};

struct counting_on_pools_on_counting : on_counting {
  zpmr::test::aligned_pools pools{&below};
  counting_resource<zpmr::test::aligned_pools> one{&pools, "one"};

  auto* resource() { return &one; }
  auto* an_equal() { return &one; }
  auto* unequal() { return &pools; }
};

using subjects = std::tuple<counting_on_counting, failing_on_counting,
                            counting_on_failing_on_counting, counting_on_pools_on_counting>;

}  // namespace

#include "support/resource_conformance.hpp"
