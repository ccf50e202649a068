// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_hardening

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <cstddef>
#include <stdexcept>
#include <zpmr/counting_resource.hpp>
#include <zpmr/jemalloc_arena_resource.hpp>
#include <zpmr/jemalloc_control.hpp>

#include "support/failing_new.hpp"

namespace {

using zpmr::test::check_takes_nothing;
using zpmr::test::fail_each_new;

}  // namespace

BOOST_AUTO_TEST_CASE(an_arena_that_finds_no_memory_takes_no_arena_from_jemalloc) {
  const std::size_t before = zpmr::jemalloc_arenas().size();
  std::size_t wrong = 0;
  BOOST_TEST(fail_each_new({}, [&] {
               zpmr::jemalloc_arena_resource arena;
               void* const block = arena.allocate(1000);
               static_cast<void>(arena.allocate(5000));
               arena.deallocate(block, 1000);
               wrong += arena.stats().allocated == 0u;
               static_cast<void>(arena.release_free_memory());
               arena.release();
             }) == 4u);
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(zpmr::jemalloc_arenas().size() == before);
}

BOOST_AUTO_TEST_CASE(an_arena_that_is_there_takes_nothing_from_operator_new) {
  zpmr::jemalloc_arena_resource arena;
  check_takes_nothing([&] {
    arena.deallocate(arena.allocate(100), 100);
    static_cast<void>(arena.stats());
    static_cast<void>(arena.release_free_memory());
    arena.release();
    static_cast<void>(arena.arena());
  });
}

BOOST_AUTO_TEST_CASE(a_list_of_arenas) {
  BOOST_TEST(fail_each_new({}, [] { static_cast<void>(zpmr::jemalloc_arenas()); }) > 0u);
}

BOOST_AUTO_TEST_CASE(a_wrong_index_or_time_is_refused_even_with_no_memory_for_the_words) {
  const zpmr::jemalloc_decay before = zpmr::jemalloc_default_decay();
  BOOST_TEST(fail_each_new({}, [] {
               try {
                 static_cast<void>(zpmr::jemalloc_arena(4'000'000));
               } catch (const std::out_of_range&) {
               }
             }) > 0u);
  BOOST_TEST(fail_each_new({}, [&] {
               try {
                 zpmr::set_jemalloc_default_decay({std::chrono::milliseconds{-7}, before.muzzy});
               } catch (const std::invalid_argument&) {
               }
             }) > 0u);
  BOOST_TEST((zpmr::jemalloc_default_decay() == before));
}

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
