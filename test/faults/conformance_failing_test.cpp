// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_failing

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <zpmr/default_allocator.hpp>
#include <zpmr/failing_resource.hpp>

#include "support/sanitizer.hpp"

namespace {

template <auto upstream>
struct failing_never {
  static constexpr bool survives_exhaustion = !zpmr::test::malloc_is_replaced;
  zpmr::failure_schedule failures;
  zpmr::failing_resource mine{upstream(), failures};
  zpmr::failing_resource same_upstream{upstream(), failures};

  zpmr::failing_resource* resource() { return &mine; }
  zpmr::failing_resource* an_equal() { return &mine; }
  zpmr::failing_resource* unequal() { return &same_upstream; }
};

using subjects = std::tuple<failing_never<zpmr::default_allocator>,
                            failing_never<std::pmr::new_delete_resource>>;

}  // namespace

#include "support/resource_conformance.hpp"
