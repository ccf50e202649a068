// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_quarantine

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>
#include <zpmr/checked_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/misuses.hpp"
#include "support/probe_resource.hpp"

namespace {

using zpmr::checked_resource;
using zpmr::misuse_kind;
using zpmr::test::read_byte;
using zpmr::test::write_byte;

constexpr std::size_t block_cost = 64 + 100 + 64;  // of a block of 100 bytes

struct fixture {
  zpmr::test::probe_resource upstream;
  zpmr::test::noting_handler handler;
  checked_resource memory{
      &upstream, "memory", {.quarantine_bytes = 10 * block_cost, .handler = &handler}};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(quarantine, fixture)

BOOST_AUTO_TEST_CASE(it_holds_the_blocks_freed_last_and_no_more_than_its_bytes) {
  std::vector<void*> blocks;
  for (int i = 0; i < 25; ++i) blocks.push_back(memory.allocate(100));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    memory.deallocate(blocks[i], 100);
    BOOST_TEST(memory.quarantined_bytes() == std::min<std::size_t>(i + 1, 10) * block_cost);
    BOOST_TEST(upstream.bytes() ==
               (blocks.size() - i - 1) * block_cost + memory.quarantined_bytes());
  }
  BOOST_TEST(handler.faults.empty());
}

BOOST_AUTO_TEST_CASE(a_block_larger_than_it_goes_at_once_and_all_others_before_it) {
  memory.deallocate(memory.allocate(100), 100);
  memory.deallocate(memory.allocate(100000), 100000);
  BOOST_TEST(memory.quarantined_bytes() == 0U);
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(freed_bytes_are_poisoned) {
  void* const block = memory.allocate(100);
  std::memset(block, 1, 100);
  memory.deallocate(block, 100);
  for (int i = 0; i < 100; ++i) BOOST_TEST(read_byte(block, i) == 0xde);
}

BOOST_AUTO_TEST_CASE(freed_bytes_can_be_kept) {
  checked_resource keeping{
      &upstream,
      "keeping",
      {.quarantine_bytes = 10 * block_cost, .freed = zpmr::freed_bytes::kept, .handler = &handler}};
  void* const block = keeping.allocate(100);
  std::memset(block, 1, 100);
  keeping.deallocate(block, 100);
  for (int i = 0; i < 100; ++i) BOOST_TEST(read_byte(block, i) == 1);
  write_byte(block, 50);  // not seen
  BOOST_TEST(keeping.verify() == 0U);
  write_byte(block, 100);
  BOOST_TEST(keeping.verify() == 1U);
}

BOOST_AUTO_TEST_CASE(a_write_to_a_freed_block_is_told_when_it_leaves) {
  void* const block = memory.allocate(100);
  memory.deallocate(block, 100);
  write_byte(block, 70);
  for (int i = 0; i < 9; ++i) memory.deallocate(memory.allocate(100), 100);
  BOOST_TEST(handler.faults.empty());
  memory.deallocate(memory.allocate(100), 100);
  BOOST_REQUIRE_EQUAL(handler.faults.size(), 1U);
  BOOST_CHECK(handler.faults[0].kind == misuse_kind::written_after_free);
  BOOST_TEST(handler.faults[0].offset == 70);
  BOOST_TEST(handler.faults[0].block->start == block);
  BOOST_TEST(!handler.faults[0].block->freed.frames().empty());
}

BOOST_AUTO_TEST_CASE(a_freed_block_that_was_filled_with_one_value_is_told) {
  void* const block = memory.allocate(100);
  memory.deallocate(block, 100);
  for (std::ptrdiff_t i = 0; i < 100; ++i) write_byte(block, i);
  BOOST_TEST(memory.verify() == 1U);
  BOOST_TEST(handler.faults[0].offset == 0);
}

BOOST_AUTO_TEST_CASE(a_write_around_a_freed_block_is_one_after_its_free) {
  void* const block = memory.allocate(100);
  memory.deallocate(block, 100);
  write_byte(block, -1);
  write_byte(block, 0);
  write_byte(block, 99);
  write_byte(block, 100);
  BOOST_TEST(memory.verify() == 3U);  // what is next to each other in the block is one
  BOOST_TEST(memory.verify() == 0U);
  for (const auto& each : handler.faults) {
    BOOST_CHECK(each.kind == misuse_kind::written_after_free);
  }
}

BOOST_AUTO_TEST_CASE(a_second_free_of_a_block_in_it_is_told) {
  void* const block = memory.allocate(100);
  memory.deallocate(block, 100);
  memory.deallocate(block, 100);
  BOOST_REQUIRE_EQUAL(handler.faults.size(), 1U);
  BOOST_CHECK(handler.faults[0].kind == misuse_kind::freed_twice);
  BOOST_TEST(memory.quarantined_bytes() == block_cost);
}

BOOST_AUTO_TEST_CASE(it_makes_room_where_the_upstream_has_none) {
  zpmr::hard_limit cap{4 * block_cost};
  zpmr::counting_resource capped{&upstream, "capped", &cap};
  checked_resource tight{
      &capped, "tight", {.quarantine_bytes = 100 * block_cost, .handler = &handler}};
  for (int i = 0; i < 20; ++i) tight.deallocate(tight.allocate(100), 100);
  void* blocks[4];
  for (void*& block : blocks) block = tight.allocate(100);
  BOOST_TEST(tight.quarantined_bytes() == 0U);
  BOOST_CHECK_THROW((void)tight.allocate(100), zpmr::limit_exceeded);
  for (void* const block : blocks) tight.deallocate(block, 100);
  BOOST_TEST(capped.bytes_in_use() == 4 * block_cost);
}

BOOST_AUTO_TEST_CASE(the_destructor_empties_it_and_looks_at_what_was_in_it) {
  {
    checked_resource shortly{
        &upstream, "shortly", {.quarantine_bytes = 10 * block_cost, .handler = &handler}};
    void* const block = shortly.allocate(100);
    shortly.deallocate(block, 100);
    write_byte(block, 5);
  }
  BOOST_REQUIRE_EQUAL(handler.faults.size(), 1U);
  BOOST_CHECK(handler.faults[0].kind == misuse_kind::written_after_free);
  BOOST_TEST(handler.leaks.empty());
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
