// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_checked

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <zpmr/checked_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/libc_resource.hpp>

#include "support/sanitizer.hpp"

namespace {

constexpr bool libc_survives = !zpmr::test::malloc_is_replaced;

template <auto upstream, std::size_t quarantine, std::size_t interval, bool survives>
struct checked {
  static constexpr bool survives_exhaustion = survives;
  zpmr::checked_resource mine{
      upstream(), "mine", {.quarantine_bytes = quarantine, .sample_interval = interval}};
  zpmr::checked_resource same_upstream{upstream(), "other"};

  zpmr::checked_resource* resource() { return &mine; }
  zpmr::checked_resource* an_equal() { return &mine; }
  zpmr::checked_resource* unequal() { return &same_upstream; }

  ~checked() { BOOST_TEST(mine.leaks().empty()); }
};

struct counted_on_both_sides {
  static constexpr bool survives_exhaustion = libc_survives;
  zpmr::counting_resource<zpmr::libc_resource> below{zpmr::libc(), "below"};
  zpmr::checked_resource between{&below, "between", {.quarantine_bytes = 100000}};
  zpmr::counting_resource<zpmr::checked_resource> above{&between, "above"};
  zpmr::counting_resource<zpmr::checked_resource> other{&between, "other"};

  auto* resource() { return &above; }
  auto* an_equal() { return &above; }
  auto* unequal() { return &other; }

  ~counted_on_both_sides() {
    BOOST_TEST(above.bytes_in_use() == 0U);
    BOOST_TEST(above.snapshot().blocks_in_use() == 0U);
  }
};

using subjects = std::tuple<checked<zpmr::libc, 0, 0, libc_survives>,
                            checked<zpmr::default_allocator, 1000000, 0, libc_survives>,
                            checked<std::pmr::new_delete_resource, 0, 5000, libc_survives>,
                            checked<zpmr::default_allocator, 1000000, 1000, libc_survives>,
                            counted_on_both_sides>;

}  // namespace

#include "support/resource_conformance.hpp"
