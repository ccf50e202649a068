// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_checked_samples

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <zpmr/checked_resource.hpp>
#include <zpmr/default_allocator.hpp>

#include "support/sanitizer.hpp"

namespace {

constexpr bool libc_survives = !zpmr::test::malloc_is_replaced;

template <auto upstream, std::size_t quarantine, std::size_t interval>
struct sampled {
  static constexpr bool survives_exhaustion = libc_survives;
  zpmr::checked_resource mine{
      upstream(), "mine", {.quarantine_bytes = quarantine, .sample_interval = interval}};
  zpmr::checked_resource same_upstream{upstream(), "other"};

  zpmr::checked_resource* resource() { return &mine; }
  zpmr::checked_resource* an_equal() { return &mine; }
  zpmr::checked_resource* unequal() { return &same_upstream; }

  ~sampled() { BOOST_TEST(mine.leaks().empty()); }
};

using subjects = std::tuple<sampled<std::pmr::new_delete_resource, 0, 5000>,
                            sampled<zpmr::default_allocator, 1000000, 1000>>;

}  // namespace

#include "support/resource_conformance.hpp"
