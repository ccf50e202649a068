// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_jemalloc

#include <boost/test/unit_test.hpp>
#include <tuple>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <zpmr/jemalloc_resource.hpp>
#include <zpmr/libc_resource.hpp>

namespace {

struct process_wide_jemalloc {
  static constexpr bool survives_exhaustion = true;
  zpmr::jemalloc_resource another;

  zpmr::jemalloc_resource* resource() { return zpmr::jemalloc(); }
  zpmr::jemalloc_resource* an_equal() { return &another; }
  zpmr::libc_resource* unequal() { return zpmr::libc(); }
};

using subjects = std::tuple<process_wide_jemalloc>;

}  // namespace

#include "support/resource_conformance.hpp"

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
