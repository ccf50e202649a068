// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_books

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>
#include <zpmr/checked_resource.hpp>

#include "support/misuses.hpp"
#include "support/probe_resource.hpp"

namespace {

using zpmr::checked_resource;
using zpmr::misuse_kind;

struct fixture {
  zpmr::test::probe_resource upstream;
  zpmr::test::noting_handler handler;
  checked_resource memory{&upstream, "memory", {.handler = &handler}};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(books, fixture)

BOOST_AUTO_TEST_CASE(a_second_free_is_known_of_the_1024_blocks_that_were_freed_last) {
  std::vector<void*> blocks;
  for (int i = 0; i < 1025; ++i) blocks.push_back(memory.allocate(10));
  for (void* const block : blocks) memory.deallocate(block, 10);
  BOOST_TEST(handler.faults.empty());
  for (void* const block : blocks) memory.deallocate(block, 10);
  BOOST_REQUIRE_EQUAL(handler.faults.size(), 1025U);
  BOOST_CHECK(handler.faults[0].kind == misuse_kind::unknown_block);
  BOOST_CHECK(std::all_of(handler.faults.begin() + 1, handler.faults.end(),
                          [](const auto& each) { return each.kind == misuse_kind::freed_twice; }));
}

BOOST_AUTO_TEST_CASE(many_blocks_are_told_apart_in_whatever_order_they_are_freed) {
  std::vector<void*> blocks;  // so many that some share a place in the books
  for (int i = 0; i < 20'000; ++i) blocks.push_back(memory.allocate(10));
  std::shuffle(blocks.begin(), blocks.end(), std::mt19937{1});
  for (void* const block : blocks) memory.deallocate(block, 10);
  BOOST_TEST(handler.faults.empty());
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
