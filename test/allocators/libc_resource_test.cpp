// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE libc_resource

#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/libc_resource.hpp>
#include <zpmr/process_memory.hpp>

#include "support/allocator_checks.hpp"
#include "support/libc_messages.hpp"

namespace {

using zpmr::libc;
constinit zpmr::libc_resource without_prefix{zpmr::libc_block_size::system};

// Returns: whether the program's malloc is glibc's own, as all its figures are of that.
bool malloc_is_the_c_librarys() {
  Dl_info info{};
  return ::dladdr(reinterpret_cast<const void*>(&std::malloc), &info) != 0 &&
         std::string_view(info.dli_fname).find("/libc.so") != std::string_view::npos;
}

boost::test_tools::assertion_result is_the_c_librarys_malloc(boost::unit_test::test_unit_id) {
  return malloc_is_the_c_librarys();
}

}  // namespace

BOOST_AUTO_TEST_CASE(usable_size_is_request_and_prefix_rounded_up_to_a_long) {
  for (std::size_t bytes = 0; bytes <= 3000; ++bytes) {
    const std::size_t taken = bytes == 0 ? 1 : bytes;
    for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
      const std::size_t prefix = alignment <= 8 ? 8 : alignment;
      BOOST_TEST_REQUIRE(libc()->usable_size(bytes, alignment) == (taken + prefix + 7) / 8 * 8);
      BOOST_TEST_REQUIRE(without_prefix.usable_size(bytes, alignment) == (taken + 7) / 8 * 8);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_size_that_cannot_exist_has_no_usable_size) {
  zpmr::test::check_impossible_sizes(*libc());
  zpmr::test::check_impossible_sizes(without_prefix);
}

BOOST_AUTO_TEST_CASE(a_size_that_leaves_no_room_for_the_prefix_has_no_usable_size) {
  for (const std::size_t bytes : {PTRDIFF_MAX - 1, PTRDIFF_MAX - 8}) {
    BOOST_TEST(libc()->usable_size(bytes, 1) == 0U);
  }
  BOOST_TEST(libc()->usable_size(PTRDIFF_MAX - 15, 1) == std::size_t{PTRDIFF_MAX} - 7);
}

BOOST_AUTO_TEST_CASE(without_a_prefix_the_c_library_tells_how_much_may_be_written) {
  for (std::size_t bytes : {0U, 1U, 100U, 5000U, 300000U}) {
    void* block = without_prefix.allocate(bytes);
    BOOST_TEST(without_prefix.block_size(block) >= bytes);
    BOOST_TEST(without_prefix.block_size(block) <= bytes + bytes / 4 + 8192);
    without_prefix.deallocate(block, bytes);
  }
}

BOOST_AUTO_TEST_CASE(without_a_prefix_a_block_is_where_malloc_put_it) {
  void* block = without_prefix.allocate(100);
  std::free(block);
}

#if defined(__GLIBC__)

BOOST_AUTO_TEST_CASE(it_says_its_name_and_version) {
  zpmr::test::check_name_and_version(*libc(), "libc", 1);
}

BOOST_AUTO_TEST_CASE(the_figures_it_cannot_tell_stay_empty) {
  const zpmr::allocator_stats stats = libc()->stats();
  BOOST_TEST(stats.allocated.has_value() == malloc_is_the_c_librarys());
  BOOST_TEST(stats.mapped.has_value() == malloc_is_the_c_librarys());
  zpmr::allocator_stats known;
  known.allocated = stats.allocated;
  known.mapped = stats.mapped;
  BOOST_TEST((stats == known));
}

BOOST_AUTO_TEST_CASE(the_figures_follow_the_blocks,
                     *boost::unit_test::precondition(is_the_c_librarys_malloc)) {
  zpmr::test::check_figures_follow_blocks(*libc());
  zpmr::test::check_figures_follow_blocks(without_prefix);
}

BOOST_AUTO_TEST_CASE(release_tells_whether_anything_was_given_back,
                     *boost::unit_test::precondition(is_the_c_librarys_malloc)) {
  zpmr::test::check_release(*libc());
  if (zpmr::smaps_field("Rss")) {
    BOOST_TEST(!libc()->release_free_memory());  // though malloc_trim says the same again
  }
}

BOOST_AUTO_TEST_CASE(a_trim_leaves_what_it_was_told_to_at_the_heaps_end,
                     *boost::unit_test::precondition(is_the_c_librarys_malloc)) {
  constexpr std::size_t pad = 4 << 20;
  // After a free of so big a block, glibc trims by itself only beyond twice its size.
  libc()->deallocate(libc()->allocate(16 << 20), 16 << 20);
  for (const std::size_t kept : {pad, std::size_t{0}}) {
    std::vector<void*> blocks(10000);
    for (void*& block : blocks) block = libc()->allocate(1000);
    for (void* block : blocks) libc()->deallocate(block, 1000);
    libc()->trim(kept);
    const std::size_t end = ::mallinfo2().keepcost;
    BOOST_TEST((kept == 0 ? end < pad / 2 : end >= kept - 8192));
  }
}

BOOST_AUTO_TEST_CASE(the_figures_are_those_of_mallinfo2,
                     *boost::unit_test::precondition(is_the_c_librarys_malloc)) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < 5000; ++i) blocks.push_back(libc()->allocate(i * 5));
  void* mapped = libc()->allocate(64 << 20);  // in no heap
  const zpmr::allocator_stats stats = libc()->stats();
  const struct mallinfo2 figures = ::mallinfo2();
  BOOST_TEST(stats.allocated.value() == figures.uordblks + figures.hblkhd);
  BOOST_TEST(stats.mapped.value() == figures.arena + figures.hblkhd);
  BOOST_TEST(figures.hblkhd >= 64U << 20);
  libc()->deallocate(mapped, 64 << 20);
  for (std::size_t i = 0; i < 5000; ++i) libc()->deallocate(blocks[i], i * 5);
}

#endif

#if ZPMR_CHECKED

namespace {

using zpmr::test::message_of_abort;
using zpmr::test::named_libc_block;

}  // namespace

BOOST_AUTO_TEST_CASE(an_alignment_that_is_no_power_of_two_is_caught) {
  zpmr::test::check_alignment_is_checked(*libc());
  zpmr::test::check_alignment_is_checked(without_prefix);
}

BOOST_AUTO_TEST_CASE(a_free_with_the_wrong_size_is_caught) {
  for (std::size_t alignment : {1U, 16U, 256U}) {
    void* block = libc()->allocate(32, alignment);
    BOOST_TEST(message_of_abort([&] { libc()->deallocate(block, 24, alignment); }) ==
               named_libc_block(block) + " freed with 24 bytes, but it was allocated with 32\n");
    BOOST_TEST(message_of_abort([&] { libc()->deallocate(block, 33, alignment); }) ==
               named_libc_block(block) + " freed with 33 bytes, but it was allocated with 32\n");
    libc()->deallocate(block, 32, alignment);
  }
}

BOOST_AUTO_TEST_CASE(a_free_with_more_than_there_is_is_caught_without_a_prefix) {
  void* block = without_prefix.allocate(32);
  const std::string size = std::to_string(without_prefix.block_size(block));
  BOOST_TEST(message_of_abort([&] { without_prefix.deallocate(block, 3200); }) ==
             named_libc_block(block) + " freed with 3200 bytes, but it has only " + size + "\n");
  without_prefix.deallocate(block, 32);
}

BOOST_AUTO_TEST_CASE(a_second_free_is_caught) {
  for (zpmr::libc_resource* resource : {libc(), &without_prefix}) {
    for (std::size_t bytes : {0U, 32U, 4U << 20}) {  // the last one is unmapped by its first free
      const auto free_twice = [&](void* block) {
        resource->deallocate(block, bytes);
        resource->deallocate(block, bytes);
      };
      void* block = resource->allocate(bytes);
      BOOST_TEST(message_of_abort([&] { free_twice(block); }) ==
                 named_libc_block(block) + " freed with " + std::to_string(bytes) +
                     " bytes, but it was freed before, with " + std::to_string(bytes) + "\n");
      resource->deallocate(block, bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_that_got_the_address_of_a_freed_one_can_be_freed) {
  for (zpmr::libc_resource* resource : {libc(), &without_prefix}) {
    std::vector<void*> seen;
    bool came_back = false;
    for (int i = 0; i < 1000; ++i) {
      void* block = resource->allocate(32);
      came_back = came_back || std::find(seen.begin(), seen.end(), block) != seen.end();
      seen.push_back(block);
      resource->deallocate(block, 32);
    }
    BOOST_TEST((came_back || !malloc_is_the_c_librarys()));
  }
}

BOOST_AUTO_TEST_CASE(a_second_free_names_both_sizes) {
  void* block = libc()->allocate(32);
  BOOST_TEST(message_of_abort([&] {
               libc()->deallocate(block, 32);
               libc()->deallocate(block, 48);
             }) ==
             named_libc_block(block) + " freed with 48 bytes, but it was freed before, with 32\n");
  libc()->deallocate(block, 32);
}

BOOST_AUTO_TEST_CASE(a_free_of_null_is_caught) {
  for (zpmr::libc_resource* resource : {libc(), &without_prefix}) {
    BOOST_TEST(message_of_abort([&] { resource->deallocate(nullptr, 32); }) ==
               "zpmr: libc block freed with 32 bytes is null\n");
  }
}

BOOST_AUTO_TEST_CASE(a_free_with_another_alignment_is_caught) {
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    void* block = libc()->allocate(32, alignment);
    for (std::size_t other : {alignment / 2, alignment * 2}) {
      if (other == 0 || other > 8192) continue;
      BOOST_TEST(message_of_abort([&] { libc()->deallocate(block, 32, other); }) ==
                 named_libc_block(block) + " freed with 32 bytes and alignment " +
                     std::to_string(other) + ", but it was allocated with 32 bytes and alignment " +
                     std::to_string(alignment) + "\n");
    }
    libc()->deallocate(block, 32, alignment);
  }
}

#endif
