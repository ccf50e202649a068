// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_counting

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tuple>
#include <zpmr/config.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/libc_resource.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_resource.hpp>
#endif
#if ZPMR_WITH_TCMALLOC
#include <zpmr/tcmalloc_resource.hpp>
#endif

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
constexpr bool libc_survives = !zpmr::test::malloc_is_replaced;

using subjects = std::tuple<
#if ZPMR_WITH_JEMALLOC
    counting<zpmr::jemalloc_resource, zpmr::jemalloc>, counting<memory_resource, zpmr::jemalloc>,
#endif
#if ZPMR_WITH_TCMALLOC
    counting<zpmr::tcmalloc_resource, zpmr::tcmalloc>, counting<memory_resource, zpmr::tcmalloc>,
#endif
    counting<zpmr::libc_resource, zpmr::libc, libc_survives>,
    counting<memory_resource, zpmr::libc, libc_survives>,
    counting<memory_resource, std::pmr::new_delete_resource, libc_survives>>;

}  // namespace

#include "support/resource_conformance.hpp"
