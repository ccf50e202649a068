// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE zmalloc
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <zpmr/config.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/zmalloc.hpp>

#include "support/death.hpp"
#include "support/sanitizer.hpp"
#include "support/scripted_policy.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::limit_action;
using zpmr::limit_event;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::no_limit;
using zpmr::zmalloc_tracker;
using zpmr::test::scripted_policy;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

bool on(std::string_view name) {
  return zpmr::default_allocator()->name() == name;
}

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

/// While one lives the tracker has that policy and limit.
class policy_scope {
 public:
  policy_scope(zpmr::limit_policy& policy, std::size_t limit)
      : before_(zmalloc_tracker().set_policy(&policy)) {
    zmalloc_set_limit(limit);
  }
  ~policy_scope() {
    zmalloc_set_limit(no_limit);
    zmalloc_tracker().set_policy(before_);
  }
  policy_scope(const policy_scope&) = delete;
  policy_scope& operator=(const policy_scope&) = delete;

 private:
  zpmr::limit_policy* before_;
};

std::size_t failures = 0;
struct counting_failures {
  counting_failures() {
    failures = 0;
    zmalloc_set_oom_handler([](std::size_t) { ++failures; });
  }
  ~counting_failures() { zmalloc_set_oom_handler(nullptr); }
  counting_failures(const counting_failures&) = delete;
  counting_failures& operator=(const counting_failures&) = delete;
};

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

BOOST_AUTO_TEST_CASE(a_policy_is_asked_before_a_request_fails) {
  const counting_failures failing;
  void* spare = zmalloc(100'000);
  scripted_policy policy{no_limit, [&](const limit_event& event) {
                           BOOST_TEST(&event.tracker == &zmalloc_tracker());
                           if (spare == nullptr) return limit_action::deny;
                           zfree(std::exchange(spare, nullptr));
                           return limit_action::retry;
                         }};
  const policy_scope scope(policy, zmalloc_used_memory() + 1000);
  void* const block = zmalloc(50'000);
  BOOST_TEST(block != nullptr);
  BOOST_TEST(policy.questions == 1u);
  BOOST_TEST(zmalloc(200'000) == nullptr);
  BOOST_TEST(ztrymalloc(200'000) == nullptr);
  BOOST_TEST(ztryrealloc(block, 200'000) == nullptr);
  BOOST_TEST(zcalloc(200'000) == nullptr);
  BOOST_TEST(policy.questions == 5u);
  BOOST_TEST(failures == 2u);
  zfree(block);
}

BOOST_AUTO_TEST_CASE(what_a_policy_throws_is_a_refusal) {
  const counting_failures failing;
  scripted_policy policy{no_limit,
                         [](const limit_event&) -> limit_action { throw std::logic_error("no"); }};
  const memory_usage before = zmalloc_tracker().snapshot();
  void* const block = zmalloc(100);
  {
    const policy_scope scope(policy, zmalloc_used_memory());
    BOOST_TEST(zmalloc(10) == nullptr);
    BOOST_TEST(ztrycalloc(10) == nullptr);
    BOOST_TEST(ztryrealloc(block, 10'000) == nullptr);
    BOOST_TEST(zmalloc_aligned(64, 10) == nullptr);
    BOOST_TEST(zmalloc_no_tcache(10) == nullptr);
  }
  BOOST_TEST(policy.questions == 5u);
  BOOST_TEST(failures == 3u);
  zfree(block);
  BOOST_TEST(zmalloc_tracker().snapshot().bytes_in_use == before.bytes_in_use);
  BOOST_TEST(zmalloc_tracker().snapshot().total_bytes ==
             before.total_bytes + 112 + (on("libc") ? 8 : 0));
}

BOOST_AUTO_TEST_CASE(a_policy_may_let_pass) {
  scripted_policy policy{no_limit, scripted_policy::always(limit_action::grant)};
  const policy_scope scope(policy, 0);
  void* block = zrealloc(zmalloc(10), 100'000);
  BOOST_TEST(block != nullptr);
  BOOST_TEST(policy.crossings == 0u);  // it was above its limit before
  zfree(block);
}

// The address sanitizer's malloc does not return without memory.
BOOST_AUTO_TEST_CASE(a_policy_is_asked_where_the_allocator_has_no_memory,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  const counting_failures failing;
  scripted_policy policy{no_limit};
  policy.when_out_of_memory = [](const limit_event& event) {
    return event.attempt < 3 ? limit_action::retry : limit_action::deny;
  };
  const policy_scope scope(policy, no_limit);
  const std::size_t used = zmalloc_used_memory();
  BOOST_TEST(zmalloc(SIZE_MAX / 4) == nullptr);
  BOOST_TEST(policy.failures == 3u);
  void* const block = std::memset(zmalloc(1000), 1, 1000);
  BOOST_TEST(ztryrealloc(block, SIZE_MAX / 4) == nullptr);
  BOOST_TEST(policy.failures == 6u);
  BOOST_TEST(static_cast<char*>(block)[999] == 1);
  zfree(block);
  BOOST_TEST(failures == 1u);
  BOOST_TEST(zmalloc_used_memory() == used);
}

// As above.
BOOST_AUTO_TEST_CASE(a_request_that_finds_no_memory_leaves_all_figures_as_they_were,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  void* const block = std::memset(zmalloc(100'000), 1, 100'000);
  const memory_usage before = zmalloc_tracker().snapshot();
  constexpr std::size_t huge = SIZE_MAX / 4;
  BOOST_TEST(ztrymalloc(huge) == nullptr);
  BOOST_TEST(ztrycalloc(huge) == nullptr);
  BOOST_TEST(ztryrealloc(block, huge) == nullptr);
  BOOST_TEST(static_cast<char*>(block)[99'999] == 1);
  BOOST_TEST(zmalloc_tracker().snapshot() == before);
  zfree(block);
}

BOOST_AUTO_TEST_CASE(under_a_limit_it_raises_the_peak_no_further_than_that,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  zmalloc_set_limit(SIZE_MAX / 2);
  memory_usage before = zmalloc_tracker().snapshot();
  BOOST_TEST(ztrymalloc(SIZE_MAX / 4) == nullptr);
  memory_usage after = zmalloc_tracker().snapshot();
  zmalloc_set_limit(no_limit);
  BOOST_TEST(after.peak_bytes <= SIZE_MAX / 2);
  before.peak_bytes = after.peak_bytes;
  BOOST_TEST(after == before);
  zmalloc_tracker().reset_peak();
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
  if (!on("libc")) return;
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

// As above. That there is no memory at first gives the policy the moment in between.
BOOST_AUTO_TEST_CASE(the_first_limit_holds_for_a_request_that_is_under_way,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_AS, &before) == 0);
  const std::size_t used = zmalloc_used_memory();
  scripted_policy policy{no_limit};
  policy.when_out_of_memory = [&](const limit_event&) {
    ::setrlimit(RLIMIT_AS, &before);
    zmalloc_set_limit(used + mebibyte);
    return limit_action::retry;
  };
  const policy_scope scope(policy, no_limit);
  const rlimit nothing{.rlim_cur = 1, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_AS, &nothing);
  void* const block = ztrymalloc(256 * mebibyte);
  ::setrlimit(RLIMIT_AS, &before);
  BOOST_TEST(policy.failures == 1u);
  BOOST_TEST(policy.questions == 1u);
  BOOST_TEST(block == nullptr);
  BOOST_TEST(zmalloc_used_memory() == used);
}

#if ZPMR_WITH_JEMALLOC

BOOST_AUTO_TEST_CASE(a_block_that_grows_in_place_is_charged_with_the_difference_only) {
  if (!on("jemalloc")) return;
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
  if (!on("jemalloc")) return;
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

BOOST_AUTO_TEST_CASE(what_is_in_use_is_what_jemalloc_says_is_allocated) {
  if (!on("jemalloc")) return;
  const auto allocated = [] {
    std::size_t bytes = 0;
    zmalloc_get_allocator_info(&bytes, nullptr, nullptr);
    return bytes;
  };
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
  BOOST_TEST(static_cast<double>(allocated() - allocated_before) / used == 1.0,
             boost::test_tools::tolerance(0.01));
  for (void* block : blocks) zfree(block);
}

#endif

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

BOOST_AUTO_TEST_CASE(the_limit_holds_to_the_byte_while_threads_allocate) {
  const std::size_t limit = zmalloc_used_memory() + mebibyte;
  zmalloc_set_limit(limit);
  zmalloc_tracker().reset_peak();
  std::array<std::vector<void*>, 4> blocks;
  zpmr::test::run_together(4, [&](unsigned i) {
    while (void* const block = ztrymalloc(100)) blocks[i].push_back(block);
  });
  BOOST_TEST(zmalloc_get_peak_memory() <= limit);
  BOOST_TEST(ztrymalloc(100) == nullptr);  // nothing that fits is left
  BOOST_TEST(zmalloc_used_memory() + 120 + 16 > limit);
  zmalloc_set_limit(no_limit);
  zpmr::test::run_together(4, [&](unsigned i) {
    for (void* block : blocks[(i + 1) % 4]) zfree(block);  // another thread's
  });
  BOOST_TEST(zmalloc_used_memory() == limit - mebibyte);
}

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
  if (!on("libc") || zpmr::test::address_sanitizer) return;
  const std::string message = zpmr::test::message_of_abort([] {
    char* const block = static_cast<char*>(zmalloc(100));
    char* volatile before = block - 8;
    *before = 1;
    zfree(block);
  });
  BOOST_TEST(message.find("its prefix") != std::string::npos);
}

#endif
