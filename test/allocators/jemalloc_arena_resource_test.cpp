// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_arena_resource

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/jemalloc_arena_resource.hpp>

#include "allocators/jemalloc_mallctl.hpp"
#include "support/allocator_checks.hpp"
#include "support/child_process.hpp"
#include "support/sanitizer.hpp"
#include "support/threads.hpp"

namespace {

using arena_resource = zpmr::jemalloc_arena_resource;
using zpmr::jemalloc;

struct block {
  void* place;
  std::size_t bytes;
  std::size_t alignment;
};

block make_block(arena_resource& resource, std::mt19937& random) {
  const std::size_t bytes = random() % (std::size_t{1} << random() % 16);
  const std::size_t alignment = std::size_t{1} << random() % 8;
  const block made{resource.allocate(bytes, alignment), bytes, alignment};
  std::memset(made.place, 0x5a, bytes);
  return made;
}

std::vector<block> make_blocks(arena_resource& resource, std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<block> blocks;
  while (blocks.size() < count) blocks.push_back(make_block(resource, random));
  return blocks;
}

void free_blocks(arena_resource& resource, std::vector<block>& blocks) {
  for (const block& each : blocks) resource.deallocate(each.place, each.bytes, each.alignment);
  blocks.clear();
}

std::size_t usable_bytes(const std::vector<block>& blocks) {
  std::size_t sum = 0;
  for (const block& each : blocks) sum += jemalloc()->usable_size(each.bytes, each.alignment);
  return sum;
}

std::size_t allocated(const arena_resource& resource) {
  return resource.stats().allocated.value();
}

// All explicit thread caches that jemalloc has left.
class all_caches {
 public:
  all_caches() {
    while (const auto id = create_.read<unsigned>()) taken_.push_back(*id);
  }
  ~all_caches() {
    for (const unsigned id : taken_) destroy_.write(id);
  }
  all_caches(const all_caches&) = delete;
  all_caches& operator=(const all_caches&) = delete;

  [[nodiscard]] std::size_t count() const { return taken_.size(); }

 private:
  zpmr::detail::je::control create_{"tcache.create"};
  zpmr::detail::je::control destroy_{"tcache.destroy"};
  std::vector<unsigned> taken_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(allocated_is_exactly_what_the_blocks_in_use_take) {
  arena_resource memory;
  BOOST_TEST(allocated(memory) == 0U);
  std::vector<block> blocks = make_blocks(memory, 20000, 1);
  BOOST_TEST(allocated(memory) == usable_bytes(blocks));
  std::shuffle(blocks.begin(), blocks.end(), std::mt19937{2});
  std::vector<block> half(blocks.begin() + 10000, blocks.end());
  blocks.resize(10000);
  free_blocks(memory, half);
  BOOST_TEST(allocated(memory) == usable_bytes(blocks));
  free_blocks(memory, blocks);
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(what_other_threads_hold_and_held_is_counted_exactly) {
  arena_resource memory;
  std::vector<std::vector<block>> blocks(6);
  zpmr::test::run_together(6, [&](unsigned i) {
    blocks[i] = make_blocks(memory, 3000, i);
    std::vector<block> gone = make_blocks(memory, 3000, i + 100);
    free_blocks(memory, gone);
  });
  std::size_t sum = 0;
  for (const auto& each : blocks) sum += usable_bytes(each);
  BOOST_TEST(allocated(memory) == sum);
  // Each frees what another one made.
  zpmr::test::run_together(6, [&](unsigned i) { free_blocks(memory, blocks[(i + 1) % 6]); });
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(blocks_of_other_arenas_never_come_back) {
  arena_resource one;
  arena_resource other;
  for (unsigned round = 0; round < 50; ++round) {
    std::vector<block> of_one = make_blocks(one, 300, round);
    free_blocks(one, of_one);
    std::vector<block> of_other = make_blocks(other, 300, round);
    BOOST_TEST_REQUIRE(allocated(one) == 0U);
    BOOST_TEST_REQUIRE(allocated(other) == usable_bytes(of_other));
    free_blocks(other, of_other);
  }
}

BOOST_AUTO_TEST_CASE(release_gives_everything_back_at_once) {
  arena_resource memory;
  std::vector<std::vector<block>> blocks(3);
  zpmr::test::run_together(3, [&](unsigned i) {
    blocks[i] = make_blocks(memory, 20000, i);
    std::vector<block> cached = make_blocks(memory, 1000, i);
    free_blocks(memory, cached);
  });
  BOOST_TEST(memory.stats().resident.value() > (10U << 20));
  memory.release();
  BOOST_TEST(allocated(memory) == 0U);
  const zpmr::allocator_stats after = memory.stats();
  BOOST_TEST(after.active.value() == 0U);
  BOOST_TEST(after.resident.value() <= after.metadata.value() + (64U << 10));
}

BOOST_AUTO_TEST_CASE(after_release_no_block_is_handed_out_twice) {
  arena_resource memory;
  for (unsigned round = 0; round < 20; ++round) {
    std::vector<block> cached = make_blocks(memory, 2000, round);
    free_blocks(memory, cached);
    const std::vector<block> lost = make_blocks(memory, 2000, round);
    memory.release();
    std::set<void*> places;
    std::vector<block> blocks = make_blocks(memory, 2000, round);
    for (const block& each : blocks) BOOST_TEST_REQUIRE(places.insert(each.place).second);
    BOOST_TEST_REQUIRE(allocated(memory) == usable_bytes(blocks));
    if (round % 2 == 0) free_blocks(memory, blocks);
  }
}

BOOST_AUTO_TEST_CASE(free_memory_is_given_back_and_that_is_said_only_if_so) {
  arena_resource memory;
  std::vector<block> blocks = make_blocks(memory, 20000, 1);
  free_blocks(memory, blocks);
  const std::size_t before = memory.stats().resident.value();
  BOOST_TEST(memory.release_free_memory());
  BOOST_TEST(memory.stats().resident.value() < before);
  BOOST_TEST(!memory.release_free_memory());
}

BOOST_AUTO_TEST_CASE(resources_come_and_go_for_ever) {
  const auto round = [](unsigned seed) {
    arena_resource memory;
    std::vector<block> blocks = make_blocks(memory, 50, seed);
    if (seed % 2 == 0) free_blocks(memory, blocks);
    return memory.arena().index();
  };
  std::set<unsigned> arenas;
  for (unsigned i = 0; i < 100; ++i) arenas.insert(round(i));
  const zpmr::allocator_stats before = jemalloc()->stats();
  for (unsigned i = 0; i < 6000; ++i) arenas.insert(round(i));
  const zpmr::allocator_stats after = jemalloc()->stats();
  BOOST_TEST(arenas.size() <= 2U);
  BOOST_TEST(*after.metadata <= *before.metadata + (1U << 20));
  BOOST_TEST(*after.allocated <= *before.allocated + (1U << 20));
  BOOST_TEST(all_caches().count() > 4000U);
}

BOOST_AUTO_TEST_CASE(threads_come_and_go_for_ever) {
  arena_resource memory;
  const auto round = [&](unsigned seed) {
    std::thread([&] {
      std::vector<block> blocks = make_blocks(memory, 20, seed);
      free_blocks(memory, blocks);
    }).join();
  };
  for (unsigned i = 0; i < 50; ++i) round(i);
  const std::size_t caches = all_caches().count();
  const std::size_t metadata = *jemalloc()->stats().metadata;
  for (unsigned i = 0; i < 5000; ++i) round(i);
  BOOST_TEST(all_caches().count() == caches);
  BOOST_TEST(*jemalloc()->stats().metadata <= metadata + (1U << 20));
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(a_thread_outlives_the_resources_that_it_used) {
  auto memory = std::make_unique<arena_resource>();
  std::atomic<unsigned> turn{0};
  std::thread user([&] {
    for (unsigned round = 0; round < 200; ++round) {
      turn.wait(2 * round);
      std::vector<block> blocks = make_blocks(*memory, 100, round);
      if (round % 2 == 0) free_blocks(*memory, blocks);
      ++turn;
      turn.notify_all();
    }
  });
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<block> blocks = make_blocks(*memory, 100, round);
    ++turn;
    turn.notify_all();
    turn.wait(2 * round + 1);
    memory = std::make_unique<arena_resource>();
    // Only now, as its next round may begin.
  }
  user.join();
  BOOST_TEST(allocated(*memory) == 0U);
}

BOOST_AUTO_TEST_CASE(figures_can_be_read_and_memory_given_back_while_threads_are_at_work) {
  arena_resource memory;
  std::atomic<bool> done{false};
  std::vector<std::vector<block>> kept(3);
  std::thread reader([&] {
    while (!done) {
      (void)memory.stats();
      memory.release_free_memory();
    }
  });
  zpmr::test::run_together(3, [&](unsigned i) {
    std::mt19937 random(i);
    for (int n = 0; n < 60000; ++n) {
      if (kept[i].size() < 300 || random() % 2 == 0) {
        kept[i].push_back(make_block(memory, random));
      } else {
        std::swap(kept[i][random() % kept[i].size()], kept[i].back());
        const block last = kept[i].back();
        kept[i].pop_back();
        memory.deallocate(last.place, last.bytes, last.alignment);
      }
    }
  });
  done = true;
  reader.join();
  std::size_t sum = 0;
  for (const auto& each : kept) sum += usable_bytes(each);
  BOOST_TEST(allocated(memory) == sum);
  for (auto& each : kept) free_blocks(memory, each);
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(without_a_cache_left_it_works_without_one) {
  arena_resource memory;
  {
    const all_caches taken;
    std::vector<block> blocks = make_blocks(memory, 2000, 1);
    BOOST_TEST(allocated(memory) == usable_bytes(blocks));
    free_blocks(memory, blocks);
    BOOST_TEST(allocated(memory) == 0U);
  }
  const std::size_t caches = all_caches().count();
  (void)memory.stats();
  memory.deallocate(memory.allocate(1), 1);
  BOOST_TEST(all_caches().count() <= caches);  // less: the thread has got one now
}

BOOST_AUTO_TEST_CASE(without_an_arena_left_the_error_says_so) {
  // In a process of its own, as jemalloc keeps what it noted of so many.
  BOOST_TEST(zpmr::test::holds_in_child([] {
    std::vector<std::unique_ptr<arena_resource>> all;
    try {
      while (all.size() < 5000) all.push_back(std::make_unique<arena_resource>());
      return false;
    } catch (const std::system_error& error) {
      const std::string text = error.what();
      if (error.code() != std::errc::resource_unavailable_try_again ||
          !text.starts_with("zpmr: jemalloc has no arena left")) {
        return false;
      }
    }
    const bool many = all.size() >= 4000;
    all.pop_back();
    arena_resource once_more;
    once_more.deallocate(once_more.allocate(100), 100);
    return many;
  }));
}

BOOST_AUTO_TEST_CASE(the_child_of_a_fork_goes_on) {
  arena_resource memory;
  std::atomic<bool> done{false};
  std::vector<std::thread> busy;
  for (unsigned i = 0; i < 3; ++i) {
    busy.emplace_back([&, i] {
      // No vector: a sanitizer's malloc may be locked for ever in the child.
      std::mt19937 random(i);
      std::array<block, 50> blocks;
      while (!done) {
        for (block& each : blocks) each = make_block(memory, random);
        for (const block& each : blocks) memory.deallocate(each.place, each.bytes, each.alignment);
        if (i == 0) (void)memory.stats();
      }
    });
  }
  std::vector<block> mine = make_blocks(memory, 500, 7);
  unsigned good = 0;
  for (unsigned round = 0; round < 60; ++round) {
    const bool held = zpmr::test::holds_in_child([&] {
      if (allocated(memory) < usable_bytes(mine)) return false;
      const auto use = [&](unsigned i) {
        std::vector<block> blocks = make_blocks(memory, 500, i);
        free_blocks(memory, blocks);
      };
      // The thread sanitizer lets no child of several threads start others.
      zpmr::test::thread_sanitizer ? use(0) : zpmr::test::run_together(4, use);
      const std::size_t before = allocated(memory);
      std::vector<block> more = make_blocks(memory, 500, 8);
      if (allocated(memory) != before + usable_bytes(more)) return false;
      free_blocks(memory, mine);
      memory.release();
      // Without caches, what three threads were just handling may stay.
      if (allocated(memory) > 3 * 40960) return false;
      arena_resource another;
      std::vector<block> others = make_blocks(another, 500, 9);
      return allocated(another) == usable_bytes(others);
    });
    good += held ? 1 : 0;
  }
  done = true;
  for (std::thread& each : busy) each.join();
  BOOST_TEST(good == 60U);
  BOOST_TEST(allocated(memory) == usable_bytes(mine));
}

BOOST_AUTO_TEST_CASE(counted_it_agrees_with_the_tracker) {
  arena_resource memory;
  zpmr::counting_resource counted{&memory, "arena"};
  static_assert(std::is_same_v<decltype(counted), zpmr::counting_resource<arena_resource>>);
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (std::size_t bytes = 1; bytes < 100000; bytes += bytes / 3 + 1) {
    blocks.emplace_back(counted.allocate(bytes), bytes);
    BOOST_TEST(counted.bytes_in_use() == allocated(memory));
  }
  for (const auto& [place, bytes] : blocks) counted.deallocate(place, bytes);
  BOOST_TEST(counted.bytes_in_use() == 0U);
  BOOST_TEST(allocated(memory) == 0U);
}

BOOST_AUTO_TEST_CASE(it_is_called_as_jemalloc_and_has_its_sizes) {
  arena_resource memory;
  BOOST_TEST(memory.name() == jemalloc()->name());
  BOOST_TEST(memory.version() == jemalloc()->version());
  BOOST_TEST(memory.known_sizes() == jemalloc()->known_sizes());
  for (const std::size_t bytes : {0U, 1U, 100U, 9000U, 1U << 20}) {
    BOOST_TEST(memory.usable_size(bytes, 8) == jemalloc()->usable_size(bytes, 8));
  }
}

BOOST_AUTO_TEST_CASE(its_decay_times_are_its_own) {
  using namespace std::chrono_literals;
  arena_resource memory;
  const zpmr::jemalloc_decay before = zpmr::jemalloc_arena::of_this_thread().decay();
  memory.arena().set_decay({.dirty = 0ms, .muzzy = 0ms});
  BOOST_TEST((zpmr::jemalloc_arena::of_this_thread().decay() == before));
  std::vector<block> blocks = make_blocks(memory, 20000, 1);
  free_blocks(memory, blocks);
  (void)memory.stats();
  BOOST_TEST(!memory.release_free_memory());  // all was given back when it was freed
}

#if ZPMR_CHECKED
BOOST_AUTO_TEST_CASE(an_alignment_that_is_no_power_of_two_stops_a_checked_build) {
  arena_resource memory;
  zpmr::test::check_alignment_is_checked(memory);
}
#endif

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
