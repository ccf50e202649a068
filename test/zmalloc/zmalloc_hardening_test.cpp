// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE zmalloc_hardening

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/zmalloc.hpp>

#include "support/child_process.hpp"
#include "support/failing_new.hpp"
#include "support/sanitizer.hpp"
#include "support/scripted_policy.hpp"
#include "support/zmalloc_setup.hpp"

namespace {

using zpmr::limit_action;
using zpmr::memory_usage;
using zpmr::no_limit;
using zpmr::zmalloc_tracker;
using zpmr::test::counting_failures;
using zpmr::test::failures;
using zpmr::test::holds_in_child;
using zpmr::test::policy_scope;
using zpmr::test::scripted_policy;

/// Every function that gives a block, asked for about so many bytes.
const std::vector<std::function<void*(std::size_t)>> ways_to_allocate{
    [](std::size_t bytes) { return zmalloc(bytes); },
    [](std::size_t bytes) { return ztrymalloc(bytes); },
    [](std::size_t bytes) { return zmalloc_usable(bytes, nullptr); },
    [](std::size_t bytes) { return ztrymalloc_usable(bytes, nullptr); },
    [](std::size_t bytes) { return zcalloc(bytes); },
    [](std::size_t bytes) { return ztrycalloc(bytes); },
    [](std::size_t bytes) { return zcalloc_usable(bytes, nullptr); },
    [](std::size_t bytes) { return ztrycalloc_usable(bytes, nullptr); },
    [](std::size_t bytes) { return zcalloc_num(bytes / 8, 8); },
    [](std::size_t bytes) { return zmalloc_aligned(256, bytes); },
    [](std::size_t bytes) { return zmalloc_cache_aligned(bytes); },
    [](std::size_t bytes) { return zrealloc(nullptr, bytes); },
    [](std::size_t bytes) { return ztryrealloc(nullptr, bytes); },
    [](std::size_t bytes) { return zrealloc_usable(nullptr, bytes, nullptr); },
    [](std::size_t bytes) { return ztryrealloc_usable(nullptr, bytes, nullptr); },
};

/// Effects: as C code does, allocates in every way, makes blocks grow and shrink, and gives all of
/// it back, also where a function has failed. What a block held must stay in it.
void use_all_functions() {
  for (const auto& allocate : ways_to_allocate) {
    for (const std::size_t bytes : {24, 300'000}) zfree(allocate(bytes));
  }
  for (const std::size_t bytes : {24, 5000, 2'000'000}) {
    void* block = ztrymalloc(bytes);
    if (block == nullptr) continue;
    std::memset(block, 1, 24);
    for (const std::size_t next : {6000, 20, 200'000, 190'000, 3'000'000, 100'000}) {
      if (void* const moved = ztryrealloc(block, next)) block = moved;
    }
    if (static_cast<char*>(block)[19] != 1) throw std::logic_error("a block lost what it held");
    zfree_with_size(block, zmalloc_usable_size(block));
  }
  zfree(zstrdup("a text"));
  zfree_no_tcache(zmalloc_no_tcache(100));
}

/// Effects: from now on the system gives this process nothing more.
void take_no_more_memory() {
  std::array<volatile char, 256 << 10> stack;  // what it may need of that, it has now
  for (std::size_t i = 0; i < stack.size(); i += 1024) stack[i] = 0;
  rlimit none{};
  ::getrlimit(RLIMIT_AS, &none);
  none.rlim_cur = 1;
  ::setrlimit(RLIMIT_AS, &none);
}

/// The blocks of a list that needs no memory of its own, and what they are charged.
struct chain {
  void* last = nullptr;
  std::size_t bytes = 0;
  std::uint64_t blocks = 0;

  void add(void* block) {
    std::memcpy(block, &last, sizeof last);
    last = block;
    bytes += zmalloc_size(block);
    ++blocks;
  }
  void grow_last(std::size_t wanted) {
    const std::size_t before = zmalloc_size(last);
    if (void* const moved = ztryrealloc(last, wanted)) last = moved;
    bytes += zmalloc_size(last) - before;
  }
  void free_all() {
    while (last != nullptr) {
      void* before;
      std::memcpy(&before, last, sizeof before);
      zfree(std::exchange(last, before));
    }
  }
};

/// Effects: allocates until nothing is left, and frees all of it.
/// Returns: whether the figures were right all the time.
bool is_right_when_all_is_taken(const std::function<void*(std::size_t)>& allocate,
                                std::size_t bytes) {
  const memory_usage before = zmalloc_tracker().snapshot();
  const auto is_right = [&](const chain& blocks) {
    const memory_usage now = zmalloc_tracker().snapshot();
    return now.bytes_in_use == before.bytes_in_use + blocks.bytes &&
           now.requested_bytes_in_use == now.bytes_in_use &&
           now.blocks_in_use() == before.blocks_in_use() + blocks.blocks;
  };
  chain all;
  while (void* const block = allocate(bytes)) all.add(block);
  bool good = is_right(all);
  for (const std::size_t size : {2 * bytes, bytes / 2, 3 * bytes}) {
    if (all.last == nullptr) break;
    all.grow_last(std::max<std::size_t>(size, sizeof(void*)));
    good = good && is_right(all);
  }
  all.free_all();
  return good && is_right({});
}

/// A policy that is asked for each charge, and denies those that the schedule lets fail.
struct scarce_room {
  zpmr::failure_schedule schedule;
  scripted_policy policy{no_limit, [this](const zpmr::limit_event& event) {
                           return schedule.fails(event.requested) ? limit_action::deny
                                                                  : limit_action::grant;
                         }};
  policy_scope scope{policy, 0};
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_block_and_the_tracker_take_nothing_from_operator_new) {
  BOOST_TEST(holds_in_child([] {
    zpmr::test::new_failures.set({.nth = 1, .kind = zpmr::failure_kind::persistent});
    void* const block = ztrymalloc(100);
    const bool good = block != nullptr && zmalloc_used_memory() == zmalloc_size(block);
    zfree(block);
    return good && zpmr::test::new_failures.failures() == 0;
  }));
}

BOOST_AUTO_TEST_CASE(each_charge_may_be_refused_and_nothing_is_lost) {
  const counting_failures counted;
  const std::uint64_t denied_before = zmalloc_tracker().snapshot().denied;
  scarce_room scarce;
  const std::uint64_t tried = zpmr::fail_each_allocation(scarce.schedule, {&zmalloc_tracker()},
                                                         [] { use_all_functions(); });
  BOOST_TEST(tried > 60u);
  BOOST_TEST(failures > 0u);
  BOOST_TEST(zmalloc_tracker().snapshot().denied >= denied_before + tried);
}

// Not with the sanitizers, whose malloc does not return without memory.

BOOST_AUTO_TEST_CASE(no_function_moves_a_figure_where_there_is_no_memory,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  void* const block = zmalloc(1000);
  for (const std::size_t limit : {no_limit, SIZE_MAX / 2}) {  // charged afterwards, or before
    const counting_failures counted;
    zmalloc_set_limit(limit);
    memory_usage before = zmalloc_tracker().snapshot();
    for (const auto& allocate : ways_to_allocate) {
      BOOST_TEST(allocate(SIZE_MAX / 4) == nullptr);
    }
    BOOST_TEST(zmalloc_no_tcache(SIZE_MAX / 4) == nullptr);
    BOOST_TEST(zrealloc(block, SIZE_MAX / 4) == nullptr);
    BOOST_TEST(failures == 11u);
    const memory_usage after = zmalloc_tracker().snapshot();
    if (limit != no_limit) before.peak_bytes = after.peak_bytes;
    BOOST_TEST(after == before);
  }
  zmalloc_set_limit(no_limit);
  zfree(block);
}

BOOST_AUTO_TEST_CASE(every_function_may_take_the_last_memory_and_the_figures_stay_right,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  zfree(zmalloc(1));  // the tracker is there
  for (const auto& allocate : ways_to_allocate) {
    for (const std::size_t bytes : {24, 5000, 300'000}) {
      BOOST_TEST(holds_in_child([&] {
        const counting_failures counted;
        take_no_more_memory();
        return is_right_when_all_is_taken(allocate, bytes);
      }));
    }
  }
}
