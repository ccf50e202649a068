// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_resource

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <array>
#include <cstddef>
#include <vector>
#include <zpmr/jemalloc_resource.hpp>

#include "support/allocator_checks.hpp"

#if ZPMR_JEMALLOC_PRIVATE
#define SALLOCX zpmr_je_sallocx
#else
#define SALLOCX sallocx
#endif

// Weak: a shared zpmr does not export it.
extern "C" [[gnu::weak]] std::size_t SALLOCX(const void* block, int flags);

namespace {

using zpmr::jemalloc;

std::size_t size_of_block(const void* block) {
  return SALLOCX(block, 0);
}

boost::test_tools::assertion_result has_sallocx(boost::unit_test::test_unit_id) {
  return SALLOCX != nullptr;
}

}  // namespace

BOOST_AUTO_TEST_CASE(threads_that_fill_the_table_at_once_agree) {
  zpmr::test::check_concurrent_first_look_ups(*jemalloc());
}

BOOST_AUTO_TEST_CASE(usable_size_is_what_jemalloc_sets_aside,
                     *boost::unit_test::precondition(has_sallocx)) {
  zpmr::test::check_usable_sizes(*jemalloc(), size_of_block);
}

BOOST_AUTO_TEST_CASE(a_size_that_cannot_exist_has_no_usable_size) {
  zpmr::test::check_impossible_sizes(*jemalloc());
}

BOOST_AUTO_TEST_CASE(it_says_its_name_and_version) {
  zpmr::test::check_name_and_version(*jemalloc(), "jemalloc", 2);
}

BOOST_AUTO_TEST_CASE(every_figure_is_known) {
  const zpmr::allocator_stats stats = jemalloc()->stats();
  BOOST_TEST(stats.allocated.has_value());
  BOOST_TEST(stats.active.has_value());
  BOOST_TEST(stats.metadata.has_value());
  BOOST_TEST(stats.resident.has_value());
  BOOST_TEST(stats.mapped.has_value());
  BOOST_TEST(stats.retained.has_value());
  BOOST_TEST(stats.muzzy.has_value());
  BOOST_TEST(stats.small_bin_fragmentation.has_value());
}

BOOST_AUTO_TEST_CASE(the_figures_follow_the_blocks) {
  zpmr::test::check_figures_follow_blocks(*jemalloc());
}

BOOST_AUTO_TEST_CASE(free_slots_between_small_blocks_are_fragmentation) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < 100000; ++i) {
    blocks.push_back(jemalloc()->allocate(64));
  }
  const std::size_t packed = *jemalloc()->stats().small_bin_fragmentation;
  for (std::size_t i = 0; i < blocks.size(); i += 2) {
    jemalloc()->deallocate(blocks[i], 64);
  }
  jemalloc()->release_free_memory();  // what is in this thread's cache counts as in use
  const std::size_t halved = *jemalloc()->stats().small_bin_fragmentation;
  BOOST_TEST(halved >= packed + 50000 * 64 - 64 * 1024);
  BOOST_TEST(halved <= packed + 50000 * 64 + 64 * 1024);
  for (std::size_t i = 1; i < blocks.size(); i += 2) {
    jemalloc()->deallocate(blocks[i], 64);
  }
}

BOOST_AUTO_TEST_CASE(release_tells_whether_anything_was_given_back) {
  zpmr::test::check_release(*jemalloc());
  BOOST_TEST(!jemalloc()->release_free_memory());
}

BOOST_AUTO_TEST_CASE(a_release_empties_this_threads_cache) {
  constexpr std::size_t bytes = 20'000;
  jemalloc()->release_free_memory();
  const auto before = jemalloc()->stats().allocated;
  std::array<void*, 8> blocks;
  for (void*& block : blocks) block = jemalloc()->allocate(bytes);
  for (void* const block : blocks) jemalloc()->deallocate(block, bytes);
  jemalloc()->release_free_memory();
  BOOST_TEST((jemalloc()->stats().allocated == before));
}

#if ZPMR_CHECKED
BOOST_AUTO_TEST_CASE(an_alignment_that_is_no_power_of_two_stops_a_checked_build) {
  zpmr::test::check_alignment_is_checked(*jemalloc());
}
#endif

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
