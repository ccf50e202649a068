// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_escape_guard

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/escape_guard.hpp>

#include "support/sanitizer.hpp"

namespace {

/// The default resource is counted, and is asked through a guard.
struct default_under_guard {
  static constexpr bool survives_exhaustion = !zpmr::test::malloc_is_replaced;
  zpmr::counting_resource<> below{zpmr::default_allocator(), "below"};
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(&below);
  zpmr::escape_guard guard;
  std::pmr::memory_resource* const guarded = std::pmr::get_default_resource();

  auto* resource() { return guarded; }
  auto* an_equal() { return guarded; }
  auto* unequal() { return &below; }
  ~default_under_guard() { std::pmr::set_default_resource(before); }
};

using subjects = std::tuple<default_under_guard>;

}  // namespace

#include "support/resource_conformance.hpp"
