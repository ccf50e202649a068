// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_tcmalloc

#include <boost/test/unit_test.hpp>
#include <tuple>
#include <zpmr/config.hpp>

#if ZPMR_WITH_TCMALLOC

#include <zpmr/libc_resource.hpp>
#include <zpmr/tcmalloc_resource.hpp>

namespace {

struct process_wide_tcmalloc {
  static constexpr bool survives_exhaustion = true;
  zpmr::tcmalloc_resource another;

  zpmr::tcmalloc_resource* resource() { return zpmr::tcmalloc(); }
  zpmr::tcmalloc_resource* an_equal() { return &another; }
  zpmr::libc_resource* unequal() { return zpmr::libc(); }
};

using subjects = std::tuple<process_wide_tcmalloc>;

}  // namespace

#include "support/resource_conformance.hpp"

#else
BOOST_AUTO_TEST_CASE(tcmalloc_is_not_built_in) {}
#endif
