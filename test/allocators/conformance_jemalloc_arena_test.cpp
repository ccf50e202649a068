// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_jemalloc_arena

#include <boost/test/unit_test.hpp>
#include <tuple>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <zpmr/counting_resource.hpp>
#include <zpmr/jemalloc_arena_resource.hpp>

namespace {

struct arena {
  static constexpr bool survives_exhaustion = true;
  zpmr::jemalloc_arena_resource one;
  zpmr::jemalloc_arena_resource another;

  zpmr::jemalloc_arena_resource* resource() { return &one; }
  zpmr::jemalloc_arena_resource* an_equal() { return &one; }
  zpmr::jemalloc_arena_resource* unequal() { return &another; }
};

struct counted_arena {
  static constexpr bool survives_exhaustion = true;
  arena upstream;
  zpmr::counting_resource<zpmr::jemalloc_arena_resource> one{&upstream.one};
  zpmr::counting_resource<zpmr::jemalloc_arena_resource> another{&upstream.one};

  auto* resource() { return &one; }
  auto* an_equal() { return &one; }
  auto* unequal() { return &another; }
};

using subjects = std::tuple<arena, counted_arena>;

}  // namespace

#include "support/resource_conformance.hpp"

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
