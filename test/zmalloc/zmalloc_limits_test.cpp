// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE zmalloc_limits
#include <sys/resource.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/zmalloc.hpp>

#include "support/sanitizer.hpp"
#include "support/scripted_policy.hpp"
#include "support/threads.hpp"
#include "support/zmalloc_setup.hpp"

namespace {

using zpmr::limit_action;
using zpmr::limit_event;
using zpmr::memory_usage;
using zpmr::no_limit;
using zpmr::zmalloc_tracker;
using zpmr::test::counting_failures;
using zpmr::test::failures;
using zpmr::test::mebibyte;
using zpmr::test::policy_scope;
using zpmr::test::scripted_policy;
using zpmr::test::zmalloc_is_on;

}  // namespace

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
             before.total_bytes + 112 + (zmalloc_is_on("libc") ? 8 : 0));
}

// tcmalloc's way to grow would take more than that, so that the next step needs none.
BOOST_AUTO_TEST_CASE(a_block_that_grows_takes_what_was_asked_for_where_more_does_not_fit) {
  void* const block = zmalloc(100'000);
  void* const other = zmalloc(110'000);
  const std::size_t exactly = zmalloc_size(other);
  zfree(other);
  const memory_usage before = zmalloc_tracker().snapshot();
  scripted_policy policy{no_limit, [](const limit_event&) { return limit_action::deny; }};
  const policy_scope scope(policy, zmalloc_used_memory() + exactly);
  void* const grown = ztryrealloc(block, 110'000);
  BOOST_TEST_REQUIRE(grown != nullptr);
  BOOST_TEST(policy.questions == 0u);
  BOOST_TEST(zmalloc_tracker().snapshot().denied == before.denied);
  zfree(grown);
}

BOOST_AUTO_TEST_CASE(a_policy_may_let_pass) {
  scripted_policy policy{no_limit, scripted_policy::always(limit_action::grant)};
  void* const before = zmalloc(10);
  const policy_scope scope(policy, 0);
  void* block = zrealloc(zmalloc(10), 100'000);
  BOOST_TEST(block != nullptr);
  BOOST_TEST(policy.crossings == 0u);  // it was above its limit before
  zfree(block);
  zfree(before);
}

// From here to the_first_limit_holds_for_a_request_that_is_under_way: not where malloc is replaced,
// as that one does not return without memory.

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

BOOST_AUTO_TEST_CASE(what_a_policy_throws_where_memory_runs_out_is_a_refusal,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  scripted_policy policy{no_limit};
  policy.when_out_of_memory = zpmr::test::throws;
  const policy_scope scope(policy, no_limit);
  const std::size_t used = zmalloc_used_memory();
  BOOST_TEST(ztrymalloc(std::size_t{1} << 60) == nullptr);
  BOOST_TEST(policy.failures == 1u);
  BOOST_TEST(zmalloc_used_memory() == used);
}

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

BOOST_AUTO_TEST_CASE(a_request_that_finds_no_memory_raises_the_peak_no_further_than_the_limit,
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

// That there is no memory at first gives the policy the moment in between.
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
