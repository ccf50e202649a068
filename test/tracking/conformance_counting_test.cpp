// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_counting

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <type_traits>
#include <zpmr/counting_resource.hpp>

#include "allocators/built_in.hpp"
#include "support/sanitizer.hpp"

namespace {

using std::pmr::memory_resource;

template <class Upstream, auto upstream, bool survives = true>
struct counting {
  static constexpr bool survives_exhaustion = survives;
  zpmr::counting_resource<Upstream> mine{upstream(), "mine"};
  zpmr::counting_resource<Upstream> same_upstream{upstream(), "other"};

  zpmr::counting_resource<Upstream>* resource() { return &mine; }
  zpmr::counting_resource<Upstream>* an_equal() { return &mine; }
  zpmr::counting_resource<Upstream>* unequal() { return &same_upstream; }

  ~counting() {
    BOOST_TEST(mine.snapshot().blocks_in_use() == 0U);
    BOOST_TEST(mine.snapshot().requested_bytes_in_use == 0U);
    BOOST_TEST(mine.bytes_in_use() == 0U);
  }
};

// libstdc++ hands out a tiny block for sizes close to SIZE_MAX at alignments above 1: the decorator
// must refuse what the upstream does not.
constexpr bool malloc_survives = !zpmr::test::malloc_is_replaced;

template <class Allocator>
constexpr bool survives = !std::is_same_v<Allocator, zpmr::libc_resource> || malloc_survives;

#define ZPMR_COUNTING(name)                                                     \
  counting<zpmr::name##_resource, zpmr::name, survives<zpmr::name##_resource>>, \
      counting<memory_resource, zpmr::name, survives<zpmr::name##_resource>>,

using subjects = std::tuple<ZPMR_FOR_EACH_ALLOCATOR(
    ZPMR_COUNTING) counting<memory_resource, std::pmr::new_delete_resource, malloc_survives>>;

}  // namespace

#include "support/resource_conformance.hpp"
