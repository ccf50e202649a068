// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE relocation_hint

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <vector>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/relocation_hint.hpp>
#include <zpmr/relocation_scope.hpp>

namespace {

using zpmr::counting_resource;
using zpmr::has_relocation_hints;
using zpmr::relocation;
using zpmr::relocation_hint;

zpmr::allocator_resource* const jemalloc = zpmr::find_allocator("jemalloc");

boost::test_tools::assertion_result with_jemalloc(boost::unit_test::test_unit_id) {
  return jemalloc != nullptr;
}

/// Blocks of 64 bytes, of which every `step`-th is kept.
class sparse_blocks {
 public:
  explicit sparse_blocks(std::size_t step) {
    for (std::size_t i = 0; i < 20000; ++i) blocks_.push_back(jemalloc->allocate(bytes));
    std::size_t i = 0;
    std::erase_if(blocks_, [&](void* block) {
      const bool goes = i++ % step != 0;
      if (goes) jemalloc->deallocate(block, bytes);
      return goes;
    });
    jemalloc->release_free_memory();  // those in the thread's cache are in use for jemalloc
  }
  ~sparse_blocks() {
    for (void* block : blocks_) jemalloc->deallocate(block, bytes);
  }
  sparse_blocks(const sparse_blocks&) = delete;
  sparse_blocks& operator=(const sparse_blocks&) = delete;

  [[nodiscard]] std::vector<void*>& all() { return blocks_; }
  [[nodiscard]] std::size_t to_be_moved() const {
    return static_cast<std::size_t>(std::ranges::count_if(blocks_, [](void* block) {
      return relocation_hint(*jemalloc, block) == relocation::move;
    }));
  }

  static constexpr std::size_t bytes = 64;

 private:
  std::vector<void*> blocks_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(other_allocators_cannot_tell) {
  for (zpmr::allocator_resource* allocator : zpmr::allocators()) {
    if (allocator == jemalloc) continue;
    BOOST_TEST(!has_relocation_hints(*allocator));
    void* const block = allocator->allocate(64);
    BOOST_CHECK(relocation_hint(*allocator, block) == relocation::unknown);
    const std::vector<const void*> blocks(3, block);
    std::vector<relocation> hints(3, relocation::move);
    relocation_hints(*allocator, blocks, hints);
    BOOST_CHECK((hints == std::vector(3, relocation::unknown)));
    allocator->deallocate(block, 64);
  }
  BOOST_TEST(!has_relocation_hints(*std::pmr::new_delete_resource()));
}

BOOST_AUTO_TEST_SUITE(with_hints, *boost::unit_test::precondition(with_jemalloc))

BOOST_AUTO_TEST_CASE(they_are_known_through_counting_resources_but_not_through_pools) {
  counting_resource<std::pmr::memory_resource> erased{jemalloc};
  counting_resource<zpmr::allocator_resource> half_erased{jemalloc};
  counting_resource<std::pmr::memory_resource> twice{&half_erased};
  BOOST_TEST(has_relocation_hints(*jemalloc));
  BOOST_TEST(has_relocation_hints(erased));
  BOOST_TEST(has_relocation_hints(half_erased));
  BOOST_TEST(has_relocation_hints(twice));

  std::pmr::unsynchronized_pool_resource pool{jemalloc};
  counting_resource<std::pmr::memory_resource> above_the_pool{&pool};
  BOOST_TEST(!has_relocation_hints(pool));
  BOOST_TEST(!has_relocation_hints(above_the_pool));
}

BOOST_AUTO_TEST_CASE(blocks_in_nearly_empty_slabs_should_move) {
  sparse_blocks blocks(20);
  BOOST_TEST(blocks.to_be_moved() >= blocks.all().size() * 8 / 10);
}

BOOST_AUTO_TEST_CASE(blocks_in_full_slabs_should_stay) {
  const sparse_blocks blocks(1);
  BOOST_TEST(blocks.to_be_moved() <= 100u);
}

BOOST_AUTO_TEST_CASE(large_blocks_should_stay) {
  for (const std::size_t bytes : {20000U, 100000U, 5000000U}) {
    void* const block = jemalloc->allocate(bytes);
    BOOST_CHECK(relocation_hint(*jemalloc, block) == relocation::stay);
    jemalloc->deallocate(block, bytes);
  }
}

BOOST_AUTO_TEST_CASE(an_address_inside_a_block_will_do) {
  sparse_blocks blocks(20);
  for (void* block : blocks.all()) {
    const void* const inside = static_cast<std::byte*>(block) + sparse_blocks::bytes - 1;
    BOOST_TEST_REQUIRE((relocation_hint(*jemalloc, inside) == relocation_hint(*jemalloc, block)));
  }
}

BOOST_AUTO_TEST_CASE(many_at_once_get_the_hints_that_each_gets) {
  for (const std::size_t step : {1U, 2U, 20U}) {
    sparse_blocks blocks(step);
    const std::vector<const void*> all(blocks.all().begin(), blocks.all().end());
    for (const std::size_t count :
         {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{65}, all.size()}) {
      std::vector<relocation> hints(count);
      relocation_hints(*jemalloc, std::span(all).first(count), hints);
      for (std::size_t i = 0; i < count; ++i) {
        BOOST_TEST_REQUIRE((hints[i] == relocation_hint(*jemalloc, all[i])));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(moving_past_the_thread_cache_helps) {
  sparse_blocks blocks(20);
  const std::size_t active = *jemalloc->stats().active;
  {
    const zpmr::relocation_scope scope;
    const zpmr::relocation_scope nested;
    for (void*& block : blocks.all()) {
      if (relocation_hint(*jemalloc, block) != relocation::move) continue;
      void* const better = jemalloc->allocate(sparse_blocks::bytes);
      jemalloc->deallocate(block, sparse_blocks::bytes);
      block = better;
    }
  }
  BOOST_TEST(blocks.to_be_moved() == 0u);
  BOOST_TEST(*jemalloc->stats().active < active - 15 * 20000 * sparse_blocks::bytes / 20);
}

BOOST_AUTO_TEST_SUITE_END()
