// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE zmalloc
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/config.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/zmalloc.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_control.hpp>
#endif

#include "support/death.hpp"
#include "support/sanitizer.hpp"
#include "support/zmalloc_setup.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::no_limit;
using zpmr::zmalloc_tracker;
using zpmr::test::mebibyte;
using zpmr::test::zmalloc_is_on;

/// Runs before the static constructors of the library.
void* early_block = nullptr;
[[gnu::constructor(101)]] void allocate_early() {
  early_block = std::memset(zmalloc(1000), 1, 1000);
  early_block = zrealloc(early_block, 5000);
}

struct block_until_the_end {
  ~block_until_the_end() {
    zfree(block);
    zfree(zrealloc(zmalloc(10), 10000));
  }
  void* block = zmalloc(300);
} const until_the_end;

}  // namespace

BOOST_AUTO_TEST_CASE(constructors_and_destructors_of_static_objects_can_allocate) {
  BOOST_TEST(static_cast<char*>(early_block)[999] == 1);
  BOOST_TEST(zmalloc_used_memory() ==
             zmalloc_size(early_block) + zmalloc_size(until_the_end.block));
  zfree(early_block);
  BOOST_TEST(zmalloc_used_memory() == zmalloc_size(until_the_end.block));
}

BOOST_AUTO_TEST_CASE(the_tracker_has_all_figures_of_the_c_functions) {
  memory_tracker& tracker = zmalloc_tracker();
  BOOST_TEST(tracker.name() == "zmalloc");
  const memory_usage before = tracker.snapshot();
  void* const block = zmalloc(100);
  const std::size_t size = zmalloc_size(block);
  memory_usage now = tracker.snapshot();
  BOOST_TEST(now.bytes_in_use == before.bytes_in_use + size);
  BOOST_TEST(now.requested_bytes_in_use == before.requested_bytes_in_use + size);
  BOOST_TEST(now.total_bytes == before.total_bytes + size);
  BOOST_TEST(now.allocations == before.allocations + 1);
  BOOST_TEST(now.deallocations == before.deallocations);
  zfree(block);
  now = tracker.snapshot();
  BOOST_TEST(now.bytes_in_use == before.bytes_in_use);
  BOOST_TEST(now.requested_bytes_in_use == before.requested_bytes_in_use);
  BOOST_TEST(now.deallocations == before.deallocations + 1);
}

BOOST_AUTO_TEST_CASE(figures_stay_exact_through_any_mix_of_calls) {
  std::mt19937 random(20231114);
  std::array<void*, 200> blocks{};
  const std::size_t before = zmalloc_used_memory();
  for (int i = 0; i < 100'000; ++i) {
    void*& block = blocks[random() % blocks.size()];
    const std::size_t bytes = random() % (std::size_t{1} << random() % 18);
    switch (random() % 8) {
      case 0:
        zfree(block);
        block = zcalloc(bytes);
        break;
      case 1:
        zfree_no_tcache(block);
        block = zmalloc_no_tcache(bytes);
        break;
      case 2:
        zfree(block);
        block = zmalloc_aligned(std::size_t{1} << random() % 14, bytes);
        break;
      case 3:
        if (block != nullptr) zfree_with_size(block, zmalloc_usable_size(block));
        block = zmalloc(bytes);
        break;
      default:
        block = zrealloc(block, bytes);  // may free it
    }
  }
  std::size_t expected = before;
  std::uint64_t count = 1;  // until_the_end
  for (void* block : blocks) {
    if (block == nullptr) continue;
    expected += zmalloc_size(block);
    ++count;
  }
  BOOST_TEST(zmalloc_used_memory() == expected);
  BOOST_TEST(zmalloc_tracker().snapshot().blocks_in_use() == count);
  BOOST_TEST(zmalloc_tracker().snapshot().requested_bytes_in_use == expected);
  for (void* block : blocks) zfree(block);
  BOOST_TEST(zmalloc_used_memory() == before);
}

BOOST_AUTO_TEST_CASE(a_large_block_is_charged_once_whatever_comes_first) {
  const std::size_t used = zmalloc_used_memory();
  for (const std::size_t limit : {no_limit, used + 16 * mebibyte}) {
    zmalloc_set_limit(limit);
    zmalloc_tracker().reset_peak();
    const memory_usage before = zmalloc_tracker().snapshot();
    void* const block = zmalloc(3 * mebibyte);
    const std::size_t size = zmalloc_size(block);
    const memory_usage after = zmalloc_tracker().snapshot();
    BOOST_TEST(after.bytes_in_use == before.bytes_in_use + size);
    BOOST_TEST(after.requested_bytes_in_use == before.requested_bytes_in_use + size);
    BOOST_TEST(after.total_bytes == before.total_bytes + size);
    BOOST_TEST(after.peak_bytes == before.bytes_in_use + size);
    BOOST_TEST(after.allocations == before.allocations + 1);
    zfree(block);
  }
  zmalloc_set_limit(no_limit);
  BOOST_TEST(zmalloc_used_memory() == used);
}

BOOST_AUTO_TEST_CASE(what_is_in_use_is_what_jemalloc_says_is_allocated) {
  if (!zmalloc_is_on("jemalloc")) return;
  const auto allocated = [] {
    std::size_t bytes = 0;
    zmalloc_get_allocator_info(&bytes, nullptr, nullptr);
    return bytes;
  };
  double ratio = 0;
  // A thread of its own: what another one's cache gives to these blocks was allocated before.
  std::thread{[&] {
    const std::size_t used_before = zmalloc_used_memory();
    const std::size_t allocated_before = allocated();
    std::mt19937 random(1);
    std::vector<void*> blocks;
    for (int i = 0; i < 200'000; ++i) {
      blocks.push_back(zmalloc(random() % 400));
      if (i % 3 == 0) {
        void*& any = blocks[random() % blocks.size()];
        any = zrealloc(any, 1 + random() % 1000);
      }
    }
    const double used = static_cast<double>(zmalloc_used_memory() - used_before);
    ratio = static_cast<double>(allocated() - allocated_before) / used;
    for (void* block : blocks) zfree(block);
  }}.join();
  BOOST_TEST(ratio == 1.0, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(aligned_blocks_that_are_reallocated_leave_nothing_behind) {
  if (zpmr::test::malloc_is_replaced) return;  // by one that keeps what was freed for a while
  constexpr std::size_t size = mebibyte / 4;
  const std::size_t before = zmalloc_get_rss();
  for (int i = 0; i < 1000; ++i) {
    zfree(zrealloc(std::memset(zmalloc_aligned(64, size), 1, size), 2 * size));
  }
  BOOST_TEST(zmalloc_get_rss() < before + 64 * mebibyte);
}

BOOST_AUTO_TEST_CASE(the_allocators_figures_are_those_of_its_resource) {
  std::size_t allocated = 1;
  std::size_t active = 1;
  std::size_t resident = 1;
  BOOST_TEST(zmalloc_get_allocator_info(&allocated, &active, &resident) == 1);
  const zpmr::allocator_stats stats = zpmr::default_allocator()->stats();
  BOOST_TEST(allocated == stats.allocated.value_or(0));
  BOOST_TEST(active == stats.active.value_or(0));
  BOOST_TEST(resident == stats.resident.value_or(0));
}

#if ZPMR_WITH_JEMALLOC

BOOST_AUTO_TEST_CASE(jemallocs_background_threads_are_started_and_stopped) {
  set_jemalloc_bg_thread(1);
  BOOST_TEST(zpmr::jemalloc_background_threads_run() == zmalloc_is_on("jemalloc"));
  set_jemalloc_bg_thread(0);
  BOOST_TEST(!zpmr::jemalloc_background_threads_run());
}

BOOST_AUTO_TEST_CASE(what_goes_past_jemallocs_cache_leaves_nothing_in_it) {
  if (!zmalloc_is_on("jemalloc")) return;
  const auto allocated = [] { return zpmr::default_allocator()->stats().allocated.value(); };
  zpmr::flush_jemalloc_thread_cache();  // which else may give back some of its blocks meanwhile
  const std::size_t before = allocated();
  std::array<void*, 50> blocks;
  for (void*& block : blocks) block = zmalloc_no_tcache(5000);
  BOOST_TEST(allocated() == before + 50 * zmalloc_size(blocks[0]));
  for (void* const block : blocks) zfree_no_tcache(block);
  BOOST_TEST(allocated() == before);
}

BOOST_AUTO_TEST_CASE(after_a_purge_jemalloc_has_nothing_more_to_give_back) {
  if (!zmalloc_is_on("jemalloc")) return;
  std::array<void*, 32> blocks;
  for (void*& block : blocks) block = std::memset(zmalloc(mebibyte), 1, mebibyte);
  for (void* const block : blocks) zfree(block);
  BOOST_TEST(jemalloc_purge() == 0);
  BOOST_TEST(!zpmr::default_allocator()->release_free_memory());
}

#endif

BOOST_AUTO_TEST_CASE(a_parent_comes_before_the_first_block_or_never) {
  memory_tracker late{"too late"};
  BOOST_CHECK_EXCEPTION(
      zpmr::make_zmalloc_tracker(late), std::logic_error, [](const std::logic_error& error) {
        return std::string(error.what()).find("before the first allocation") != std::string::npos;
      });
  BOOST_TEST(zmalloc_tracker().parent() == nullptr);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_ends_the_program) {
  const std::string message = zpmr::test::message_of_abort([] {
    zmalloc_set_oom_handler([](std::size_t) { throw std::logic_error("left the handler"); });
    zfree(zmalloc(SIZE_MAX));
  });
  BOOST_TEST(message.find("left the handler") != std::string::npos);
}

#if ZPMR_CHECKED

BOOST_AUTO_TEST_CASE(a_free_with_another_size_stops_a_checked_build) {
  const std::string message =
      zpmr::test::message_of_abort([] { zfree_with_size(zmalloc(100), 5000); });
  BOOST_TEST(message.find("usable size") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_overwritten_prefix_stops_a_checked_build) {
  if (!zmalloc_is_on("libc") || zpmr::test::address_sanitizer) return;
  const std::string message = zpmr::test::message_of_abort([] {
    char* const block = static_cast<char*>(zmalloc(100));
    char* volatile before = block - 8;
    *before = 1;
    zfree(block);
  });
  BOOST_TEST(message.find("its prefix") != std::string::npos);
}

#endif
