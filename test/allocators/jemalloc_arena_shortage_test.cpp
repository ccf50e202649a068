// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_arena_shortage

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "allocators/jemalloc_mallctl.hpp"
#include "support/arena_blocks.hpp"
#include "support/child_process.hpp"

namespace {

using zpmr::jemalloc;
using zpmr::test::allocated;
using zpmr::test::arena_resource;
using zpmr::test::block;
using zpmr::test::free_blocks;
using zpmr::test::make_blocks;
using zpmr::test::usable_bytes;

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

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
