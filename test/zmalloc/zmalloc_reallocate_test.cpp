// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE zmalloc_reallocate
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <thread>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/zmalloc.hpp>

#include "support/sanitizer.hpp"
#include "support/zmalloc_setup.hpp"

namespace {

using zpmr::memory_usage;
using zpmr::no_limit;
using zpmr::zmalloc_tracker;
using zpmr::test::mebibyte;
using zpmr::test::zmalloc_is_on;

}  // namespace

BOOST_AUTO_TEST_CASE(to_reallocate_is_neither_to_allocate_nor_to_free) {
  void* block = zmalloc(100);
  const memory_usage before = zmalloc_tracker().snapshot();
  for (const std::size_t bytes : {1000, 100'000, 3'000'000, 50'000, 10}) {
    block = zrealloc(block, bytes);
  }
  const memory_usage after = zmalloc_tracker().snapshot();
  BOOST_TEST(after.allocations == before.allocations);
  BOOST_TEST(after.deallocations == before.deallocations);
  zfree(block);
}

BOOST_AUTO_TEST_CASE(
    a_growing_block_of_the_c_library_is_charged_twice_only_where_there_is_a_limit) {
  if (!zmalloc_is_on("libc")) return;
  void* block = zmalloc(2 * mebibyte);
  const std::size_t used = zmalloc_used_memory();
  zmalloc_tracker().reset_peak();
  block = zrealloc(block, 3 * mebibyte);
  BOOST_TEST(zmalloc_get_peak_memory() == used + mebibyte);
  zmalloc_set_limit(used + 3 * mebibyte);
  BOOST_TEST(ztryrealloc(block, 4 * mebibyte) == nullptr);
  zmalloc_set_limit(used + 6 * mebibyte);
  block = zrealloc(block, 4 * mebibyte);
  BOOST_TEST(zmalloc_used_memory() == used + 2 * mebibyte);
  BOOST_TEST(zmalloc_get_peak_memory() ==
             used + 5 * mebibyte + zmalloc_size(block) - zmalloc_usable_size(block));
  zmalloc_set_limit(no_limit);
  zfree(block);
}

BOOST_AUTO_TEST_CASE(a_block_that_grows_in_place_is_charged_with_the_difference_only) {
  if (!zmalloc_is_on("jemalloc")) return;
  // The larger one, shrunk, leaves the room behind it free.
  void* block = zrealloc(zmalloc(4 * mebibyte), mebibyte);
  const std::size_t used = zmalloc_used_memory();
  zmalloc_set_limit(used + 3 * mebibyte);
  zmalloc_tracker().reset_peak();
  void* const grown = zrealloc(block, 4 * mebibyte);
  BOOST_TEST(grown == block);
  BOOST_TEST(zmalloc_used_memory() == used + 3 * mebibyte);
  BOOST_TEST(zmalloc_get_peak_memory() == used + 3 * mebibyte);
  BOOST_TEST(ztryrealloc(grown, 5 * mebibyte) == nullptr);
  BOOST_TEST(zmalloc_used_memory() == used + 3 * mebibyte);
  zmalloc_set_limit(no_limit);
  zfree(grown);
}

BOOST_AUTO_TEST_CASE(used_memory_never_dips_while_a_block_is_reallocated) {
  if (!zmalloc_is_on("jemalloc")) return;
  void* block = zrealloc(zmalloc(8 * mebibyte), mebibyte);
  const std::size_t least = zmalloc_used_memory();
  std::atomic<bool> done{false};
  std::size_t lowest = SIZE_MAX;
  std::thread reader([&] {
    while (!done) lowest = std::min(lowest, zmalloc_used_memory());
  });
  for (int i = 0; i < 2000; ++i) {
    block = zrealloc(block, (i % 7 + 1) * mebibyte);
  }
  done = true;
  reader.join();
  zfree(block);
  BOOST_TEST(lowest >= least);
}

BOOST_AUTO_TEST_CASE(growing_by_small_steps_does_not_copy_each_time) {
  // By an eighth of what it would be if each step copied.
  char* block = static_cast<char*>(zmalloc(1));
  unsigned moves = 0;
  constexpr std::size_t step = 8192;
  for (std::size_t bytes = step; bytes <= 8 * mebibyte; bytes += step) {
    char* const now = static_cast<char*>(zrealloc(block, bytes));
    moves += now != block ? 1 : 0;
    block = now;
  }
  zfree(block);
  if (!zpmr::test::malloc_is_replaced) BOOST_TEST(moves < 128u);
}
