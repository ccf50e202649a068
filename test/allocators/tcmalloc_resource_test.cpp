// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tcmalloc_resource

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_TCMALLOC

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <thread>
#include <zpmr/tcmalloc_resource.hpp>

#include "support/allocator_checks.hpp"

#if ZPMR_TCMALLOC_PRIVATE
#define TC_MALLOC_SIZE zpmr_tc_malloc_size
#else
#define TC_MALLOC_SIZE tc_malloc_size
#endif

// Weak: a shared zpmr does not export it.
extern "C" [[gnu::weak]] std::size_t TC_MALLOC_SIZE(void* block);

namespace {

using zpmr::tcmalloc;

std::size_t size_of_block(const void* block) {
  return TC_MALLOC_SIZE(const_cast<void*>(block));
}

boost::test_tools::assertion_result has_tc_malloc_size(boost::unit_test::test_unit_id) {
  return TC_MALLOC_SIZE != nullptr;
}

}  // namespace

BOOST_AUTO_TEST_CASE(threads_that_fill_the_table_at_once_agree) {
  zpmr::test::check_concurrent_first_look_ups(*tcmalloc());
}

BOOST_AUTO_TEST_CASE(usable_size_is_what_tcmalloc_sets_aside,
                     *boost::unit_test::precondition(has_tc_malloc_size)) {
  zpmr::test::check_usable_sizes(*tcmalloc(), size_of_block);
}

BOOST_AUTO_TEST_CASE(a_size_that_cannot_exist_has_no_usable_size) {
  zpmr::test::check_impossible_sizes(*tcmalloc());
}

BOOST_AUTO_TEST_CASE(it_says_its_name_and_version) {
  zpmr::test::check_name_and_version(*tcmalloc(), "tcmalloc", 1);
}

BOOST_AUTO_TEST_CASE(the_figures_it_cannot_tell_stay_empty) {
  const zpmr::allocator_stats stats = tcmalloc()->stats();
  BOOST_TEST(stats.allocated.has_value());
  BOOST_TEST(stats.active.has_value());
  BOOST_TEST(stats.metadata.value_or(0) > 0U);
  BOOST_TEST(stats.resident.has_value());
  BOOST_TEST(stats.mapped.has_value());
  BOOST_TEST(stats.retained.has_value());
  BOOST_TEST(!stats.muzzy.has_value());
  BOOST_TEST(!stats.small_bin_fragmentation.has_value());
}

BOOST_AUTO_TEST_CASE(the_figures_follow_the_blocks) {
  zpmr::test::check_figures_follow_blocks(*tcmalloc());
}

BOOST_AUTO_TEST_CASE(release_tells_whether_anything_was_given_back) {
  zpmr::test::check_release(*tcmalloc());
  BOOST_TEST(!tcmalloc()->release_free_memory());
}

BOOST_AUTO_TEST_CASE(what_was_given_back_is_retained) {
  constexpr std::size_t bytes = 16 << 20;
  tcmalloc()->deallocate(tcmalloc()->allocate(bytes), bytes);
  tcmalloc()->release_free_memory();
  BOOST_TEST(*tcmalloc()->stats().retained >= bytes);
}

// tcmalloc joins runs of pages. The thread sanitizer sees nothing that would order the two threads.
BOOST_AUTO_TEST_CASE(memory_that_comes_back_as_part_of_another_block_is_no_race) {
  constexpr std::size_t bytes = 1 << 20;
  std::atomic<bool> freed{false};
  std::thread next{[&] {
    while (!freed.load(std::memory_order_relaxed)) std::this_thread::yield();
    void* const whole = tcmalloc()->allocate(2 * bytes);
    std::memset(whole, 2, 2 * bytes);
    tcmalloc()->deallocate(whole, 2 * bytes);
  }};
  void* const first = tcmalloc()->allocate(bytes);
  void* const second = tcmalloc()->allocate(bytes);
  tcmalloc()->deallocate(std::min(first, second), bytes);
  std::memset(std::max(first, second), 1, bytes);
  tcmalloc()->deallocate(std::max(first, second), bytes);
  freed.store(true, std::memory_order_relaxed);
  next.join();
}

#if ZPMR_CHECKED
BOOST_AUTO_TEST_CASE(an_alignment_that_is_no_power_of_two_stops_a_checked_build) {
  zpmr::test::check_alignment_is_checked(*tcmalloc());
}
#endif

#else
BOOST_AUTO_TEST_CASE(tcmalloc_is_not_built_in) {}
#endif
