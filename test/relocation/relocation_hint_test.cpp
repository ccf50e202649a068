// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE relocation_hint

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <random>
#include <span>
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

constexpr std::size_t block_bytes = 64;

/// Blocks that were allocated one after the other, of which many are gone.
class sparse_blocks {
 public:
  /// Keeps those for whose index `keeps` is true.
  template <class F>
  explicit sparse_blocks(F keeps) {
    for (std::size_t i = 0; i < 20000; ++i) blocks_.push_back(jemalloc->allocate(block_bytes));
    std::size_t i = 0;
    std::erase_if(blocks_, [&](void* block) {
      const bool goes = !keeps(i++);
      if (goes) jemalloc->deallocate(block, block_bytes);
      return goes;
    });
    jemalloc->release_free_memory();  // those in the thread's cache are in use for jemalloc
  }
  ~sparse_blocks() {
    for (void* block : blocks_) jemalloc->deallocate(block, block_bytes);
  }
  sparse_blocks(const sparse_blocks&) = delete;
  sparse_blocks& operator=(const sparse_blocks&) = delete;

  [[nodiscard]] std::vector<void*>& all() { return blocks_; }

 private:
  std::vector<void*> blocks_;
};

bool few(std::size_t index) {
  return index % 20 == 0;
}
bool all(std::size_t) {
  return true;
}
bool first_half_and_few(std::size_t index) {
  return index < 10000 || few(index);
}
bool most_of_first_half_and_few(std::size_t index) {
  return index < 10000 ? index % 20 != 0 : few(index);
}

std::size_t to_be_moved(std::span<void* const> blocks) {
  return static_cast<std::size_t>(std::ranges::count_if(
      blocks, [](void* block) { return relocation_hint(*jemalloc, block) == relocation::move; }));
}

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

  // Whose types the library cannot know beforehand.
  counting_resource thrice{&half_erased};
  counting_resource four_times{&thrice};
  BOOST_TEST(has_relocation_hints(thrice));
  BOOST_TEST(has_relocation_hints(four_times));

  std::pmr::unsynchronized_pool_resource pool{jemalloc};
  counting_resource<std::pmr::memory_resource> above_the_pool{&pool};
  BOOST_TEST(!has_relocation_hints(pool));
  BOOST_TEST(!has_relocation_hints(above_the_pool));
  BOOST_TEST(!has_relocation_hints(counting_resource{&above_the_pool}));
}

BOOST_AUTO_TEST_CASE(blocks_in_nearly_empty_slabs_should_move) {
  sparse_blocks blocks(few);
  BOOST_TEST(to_be_moved(blocks.all()) >= blocks.all().size() * 8 / 10);
}

BOOST_AUTO_TEST_CASE(blocks_in_full_slabs_should_stay) {
  sparse_blocks blocks(all);
  BOOST_TEST(to_be_moved(blocks.all()) <= 100u);
}

BOOST_AUTO_TEST_CASE(blocks_in_fuller_slabs_than_others_should_stay) {
  sparse_blocks blocks(most_of_first_half_and_few);
  const std::span<void* const> kept(blocks.all());
  BOOST_TEST(to_be_moved(kept.first(9500)) <= 100u);
  BOOST_TEST(to_be_moved(kept.subspan(9500)) >= 400u);
}

BOOST_AUTO_TEST_CASE(large_blocks_should_stay) {
  for (const std::size_t bytes : {20000U, 100000U, 5000000U}) {
    void* const block = jemalloc->allocate(bytes);
    BOOST_CHECK(relocation_hint(*jemalloc, block) == relocation::stay);
    jemalloc->deallocate(block, bytes);
  }
}

BOOST_AUTO_TEST_CASE(an_address_inside_a_block_will_do) {
  sparse_blocks blocks(few);
  for (void* block : blocks.all()) {
    const void* const inside = static_cast<std::byte*>(block) + block_bytes - 1;
    BOOST_TEST_REQUIRE((relocation_hint(*jemalloc, inside) == relocation_hint(*jemalloc, block)));
  }
}

BOOST_AUTO_TEST_CASE(many_at_once_get_the_hints_that_each_gets) {
  for (const auto keeps : {all, few, first_half_and_few}) {
    sparse_blocks blocks(keeps);
    std::vector<const void*> mixed(blocks.all().begin(), blocks.all().end());
    std::ranges::shuffle(mixed, std::mt19937(1));
    for (const std::size_t count :
         {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{65}, mixed.size()}) {
      std::vector<relocation> hints(count);
      relocation_hints(*jemalloc, std::span(mixed).first(count), hints);
      for (std::size_t i = 0; i < count; ++i) {
        BOOST_TEST_REQUIRE((hints[i] == relocation_hint(*jemalloc, mixed[i])));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(moving_past_the_thread_cache_helps) {
  sparse_blocks blocks(few);
  const std::size_t active = *jemalloc->stats().active;
  {
    const zpmr::relocation_scope scope;
    { const zpmr::relocation_scope nested; }  // whose end leaves the cache to the outer one
    for (void*& block : blocks.all()) {
      if (relocation_hint(*jemalloc, block) != relocation::move) continue;
      void* const better = jemalloc->allocate(block_bytes);
      jemalloc->deallocate(block, block_bytes);
      block = better;
    }
  }
  BOOST_TEST(to_be_moved(blocks.all()) == 0u);
  BOOST_TEST(*jemalloc->stats().active < active - 15 * 20000 * block_bytes / 20);
}

BOOST_AUTO_TEST_SUITE_END()
