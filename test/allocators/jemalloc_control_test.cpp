// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_control

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/jemalloc_arena_resource.hpp>
#include <zpmr/jemalloc_control.hpp>

#include "support/child_process.hpp"
#include "support/sanitizer.hpp"

namespace {

using namespace std::chrono_literals;
using zpmr::jemalloc;
using zpmr::jemalloc_arena;
using zpmr::jemalloc_decay;

// Effects: has `resource` hold 16 MiB for a moment, in blocks that no thread cache keeps.
void touch_pages(std::pmr::memory_resource& resource) {
  constexpr std::size_t bytes = 64 << 10;
  std::vector<void*> blocks;
  for (int i = 0; i < 256; ++i) {
    blocks.push_back(resource.allocate(bytes));
    std::memset(blocks.back(), 1, bytes);
  }
  for (void* block : blocks) resource.deallocate(block, bytes);
}

template <class Error, class F>
std::string message_of(F deed) {
  try {
    deed();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// Returns: whether it does in the end.
template <class F>
bool becomes_true(F condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

const char* const refused_decay =
    " ms: give 0 or more, up to the range of its clock, or zpmr::jemalloc_never";

}  // namespace

BOOST_AUTO_TEST_CASE(default_decay_times_are_for_arenas_that_are_made_later) {
  const jemalloc_decay before = zpmr::jemalloc_default_decay();
  const zpmr::jemalloc_arena_resource earlier;
  zpmr::set_jemalloc_default_decay({.dirty = 1234ms, .muzzy = zpmr::jemalloc_never});
  BOOST_TEST((zpmr::jemalloc_default_decay() ==
              jemalloc_decay{.dirty = 1234ms, .muzzy = zpmr::jemalloc_never}));
  const zpmr::jemalloc_arena_resource later;
  BOOST_TEST((earlier.arena().decay() == before));
  BOOST_TEST((later.arena().decay() == zpmr::jemalloc_default_decay()));
  zpmr::set_jemalloc_default_decay(before);
  BOOST_TEST((zpmr::jemalloc_default_decay() == before));
}

BOOST_AUTO_TEST_CASE(each_arena_has_decay_times_of_its_own) {
  const zpmr::jemalloc_arena_resource one;
  const zpmr::jemalloc_arena_resource other;
  const jemalloc_decay before = other.arena().decay();
  one.arena().set_decay({.dirty = 77ms, .muzzy = 88ms});
  BOOST_TEST((one.arena().decay() == jemalloc_decay{.dirty = 77ms, .muzzy = 88ms}));
  BOOST_TEST((other.arena().decay() == before));
}

BOOST_AUTO_TEST_CASE(an_impossible_decay_time_is_refused_by_its_value) {
  const jemalloc_decay before = zpmr::jemalloc_default_decay();
  const zpmr::jemalloc_arena_resource memory;
  for (const auto& [time, text] :
       {std::pair{-2ms, "-2"}, {std::chrono::milliseconds::max(), "9223372036854775807"}}) {
    const std::string wanted =
        std::string("zpmr: jemalloc refused a decay time of ") + text + refused_decay;
    BOOST_TEST(message_of<std::invalid_argument>([&] {
                 zpmr::set_jemalloc_default_decay({.dirty = time, .muzzy = 0ms});
               }) == wanted);
    BOOST_TEST(message_of<std::invalid_argument>(
                   [&] { memory.arena().set_decay({.dirty = 0ms, .muzzy = time}); }) == wanted);
  }
  BOOST_TEST((zpmr::jemalloc_default_decay() == before));
}

BOOST_AUTO_TEST_CASE(a_time_of_zero_gives_pages_back_at_once) {
  zpmr::jemalloc_arena_resource memory;
  memory.arena().set_decay({.dirty = zpmr::jemalloc_never, .muzzy = 0ms});
  touch_pages(memory);
  BOOST_TEST(*memory.arena().stats().resident >= 16U << 20);
  memory.arena().set_decay({.dirty = 0ms, .muzzy = 0ms});
  BOOST_TEST(*memory.arena().stats().resident < 2U << 20);
  touch_pages(memory);
  BOOST_TEST(*memory.arena().stats().resident < 2U << 20);
}

// Where the system cannot take pages lazily, they are given back for good.
BOOST_AUTO_TEST_CASE(pages_whose_dirty_time_is_over_are_muzzy_or_gone) {
  zpmr::jemalloc_arena_resource memory;
  memory.arena().set_decay({.dirty = 1ms, .muzzy = zpmr::jemalloc_never});
  touch_pages(memory);
  BOOST_TEST(becomes_true([&] {
    memory.deallocate(memory.allocate(100000), 100000);  // in passing, old pages are given back
    return *memory.arena().stats().resident < 2U << 20;
  }));
  const std::size_t muzzy = *memory.arena().stats().muzzy;
  BOOST_TEST_MESSAGE("muzzy: " << muzzy);
  BOOST_TEST((muzzy == 0 || muzzy >= 14U << 20));
  BOOST_TEST((memory.release_free_memory() || muzzy == 0));
  BOOST_TEST(*memory.arena().stats().muzzy == 0U);
  BOOST_TEST(!memory.release_free_memory());
}

BOOST_AUTO_TEST_CASE(a_purge_is_of_one_arena_and_says_whether_it_gave_anything_back) {
  zpmr::jemalloc_arena_resource one;
  zpmr::jemalloc_arena_resource other;
  for (auto* memory : {&one, &other}) {
    memory->arena().set_decay({.dirty = zpmr::jemalloc_never, .muzzy = 0ms});
    touch_pages(*memory);
  }
  BOOST_TEST(one.arena().purge());
  BOOST_TEST(!one.arena().purge());
  BOOST_TEST(*one.arena().stats().resident < 2U << 20);
  BOOST_TEST(*other.arena().stats().resident >= 16U << 20);
}

BOOST_AUTO_TEST_CASE(an_arena_that_is_not_there_is_named) {
  const unsigned count = zpmr::jemalloc_arenas().back().index() + 1;
  for (const unsigned index : {count + 100, 4095U, 4096U, 4097U, ~0U}) {
    BOOST_TEST(message_of<std::out_of_range>([&] { jemalloc_arena arena(index); }) ==
               "zpmr: jemalloc has no arena " + std::to_string(index) +
                   "; zpmr::jemalloc_arenas() tells which it has");
  }
}

BOOST_AUTO_TEST_CASE(a_handle_of_an_arena_that_is_gone_says_so) {
  std::optional<zpmr::jemalloc_arena_resource> memory(std::in_place);
  const jemalloc_arena arena = memory->arena();
  memory.reset();
  BOOST_CHECK_THROW((void)arena.decay(), std::out_of_range);
  BOOST_CHECK_THROW(arena.set_decay({.dirty = 0ms, .muzzy = 0ms}), std::out_of_range);
  BOOST_CHECK_THROW(arena.purge(), std::out_of_range);
  BOOST_TEST((arena.stats() == zpmr::allocator_stats{}));
}

BOOST_AUTO_TEST_CASE(all_arenas_are_listed_and_no_other) {
  const auto listed = [](const jemalloc_arena& arena) {
    const std::vector<jemalloc_arena> all = zpmr::jemalloc_arenas();
    return std::find(all.begin(), all.end(), arena) != all.end();
  };
  jemalloc()->deallocate(jemalloc()->allocate(1), 1);
  BOOST_TEST(listed(jemalloc_arena::of_this_thread()));
  std::optional<zpmr::jemalloc_arena_resource> memory(std::in_place);
  const jemalloc_arena arena = memory->arena();
  BOOST_TEST(listed(arena));
  memory.reset();
  BOOST_TEST(!listed(arena));
}

BOOST_AUTO_TEST_CASE(a_threads_blocks_are_in_its_arena) {
  const jemalloc_arena mine = jemalloc_arena::of_this_thread();
  const std::size_t before = *mine.stats().allocated;
  void* block = jemalloc()->allocate(1 << 20);
  BOOST_TEST(*mine.stats().allocated >= before + (1U << 20));
  jemalloc()->deallocate(block, 1 << 20);
}

BOOST_AUTO_TEST_CASE(a_flush_empties_this_threads_cache) {
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(jemalloc()->allocate(4096));
  zpmr::flush_jemalloc_thread_cache();
  for (void* block : blocks) jemalloc()->deallocate(block, 4096);
  const std::size_t cached = *jemalloc()->stats().allocated;
  zpmr::flush_jemalloc_thread_cache();
  BOOST_TEST(*jemalloc()->stats().allocated < cached);
}

BOOST_AUTO_TEST_CASE(background_threads_can_be_started_and_stopped) {
  BOOST_TEST(!zpmr::jemalloc_background_threads_run());
  zpmr::stop_jemalloc_background_threads();
  for (int round = 0; round < 3; ++round) {
    zpmr::start_jemalloc_background_threads();
    zpmr::start_jemalloc_background_threads();
    BOOST_TEST(zpmr::jemalloc_background_threads_run());
    zpmr::stop_jemalloc_background_threads();
    BOOST_TEST(!zpmr::jemalloc_background_threads_run());
  }
}

BOOST_AUTO_TEST_CASE(background_threads_give_an_idle_arenas_pages_back) {
  zpmr::start_jemalloc_background_threads();
  zpmr::jemalloc_arena_resource memory;
  memory.arena().set_decay({.dirty = 10ms, .muzzy = 0ms});
  touch_pages(memory);
  BOOST_TEST(becomes_true([&] { return *memory.arena().stats().resident < 16U << 20; }));
  zpmr::stop_jemalloc_background_threads();
}

BOOST_AUTO_TEST_CASE(background_threads_are_off_in_a_child_and_can_be_started_again) {
  zpmr::start_jemalloc_background_threads();
  BOOST_TEST(zpmr::test::holds_in_child([] {
    if (zpmr::jemalloc_background_threads_run()) return false;
    // The thread sanitizer lets no child of several threads start others.
    if (zpmr::test::thread_sanitizer) return true;
    zpmr::start_jemalloc_background_threads();
    const bool run = zpmr::jemalloc_background_threads_run();
    touch_pages(*jemalloc());
    zpmr::stop_jemalloc_background_threads();
    return run && !zpmr::jemalloc_background_threads_run();
  }));
  BOOST_TEST(zpmr::jemalloc_background_threads_run());
  zpmr::stop_jemalloc_background_threads();
}

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
