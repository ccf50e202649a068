// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_leaks

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <vector>
#include <zpmr/checked_resource.hpp>

#include "support/death.hpp"
#include "support/misuses.hpp"
#include "support/probe_resource.hpp"

namespace {

using zpmr::checked_resource;

[[gnu::noinline]] void* here(checked_resource& memory, std::size_t bytes) {
  void* const block = memory.allocate(bytes);
  return block;
}

[[gnu::noinline]] void* there(checked_resource& memory, std::size_t bytes) {
  void* const block = memory.allocate(bytes);
  return block;
}

struct fixture {
  zpmr::test::probe_resource upstream;
  zpmr::test::noting_handler handler;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(leaks, fixture)

BOOST_AUTO_TEST_CASE(they_are_listed_by_the_calls_that_allocated_them_largest_first) {
  checked_resource memory{&upstream, "memory", {.handler = &handler}};
  BOOST_TEST(memory.leaks().empty());
  std::vector<void*> blocks;
  for (int i = 0; i < 10; ++i) blocks.push_back(here(memory, 10));
  void* const largest = there(memory, 1000);
  const std::vector<zpmr::leak> all = memory.leaks();
  BOOST_REQUIRE_EQUAL(all.size(), 2U);
  BOOST_TEST(all[0].bytes == 1000U);
  BOOST_TEST(all[0].blocks == 1U);
  BOOST_TEST(all[1].bytes == 100U);
  BOOST_TEST(all[1].blocks == 10U);
  BOOST_CHECK(all[0].allocated != all[1].allocated);
  memory.deallocate(largest, 1000);
  for (void* const block : blocks) memory.deallocate(block, 10);
  BOOST_TEST(memory.leaks().empty());
}

BOOST_AUTO_TEST_CASE(they_are_told_at_the_end_and_stay_in_use_upstream) {
  void* leaked = nullptr;
  {
    checked_resource memory{&upstream, "memory", {.handler = &handler}};
    leaked = here(memory, 10);
    memory.deallocate(there(memory, 10), 10);
  }
  BOOST_REQUIRE_EQUAL(handler.leaks.size(), 1U);
  BOOST_REQUIRE_EQUAL(handler.leaks[0].size(), 1U);
  BOOST_TEST(handler.leaks[0][0].bytes == 10U);
  BOOST_TEST(upstream.bytes() == 10U + 128U);
  static_cast<char*>(leaked)[9] = 'x';
  upstream.deallocate(static_cast<char*>(leaked) - 64, 10 + 128);
}

BOOST_AUTO_TEST_CASE(a_leaked_block_that_was_overwritten_is_told_as_well) {
  void* leaked = nullptr;
  {
    checked_resource memory{&upstream, "memory", {.handler = &handler}};
    leaked = here(memory, 10);
    zpmr::test::write_byte(leaked, 10);
  }
  BOOST_TEST(handler.leaks.size() == 1U);
  BOOST_REQUIRE_EQUAL(handler.faults.size(), 1U);
  BOOST_CHECK(handler.faults[0].kind == zpmr::misuse_kind::written_past_end);
  upstream.deallocate(static_cast<char*>(leaked) - 64, 10 + 128);
}

BOOST_AUTO_TEST_CASE(without_a_handler_they_are_written_to_stderr_and_the_program_goes_on) {
  const zpmr::test::child_result result = zpmr::test::run_in_child([&] {
    checked_resource memory{&upstream, "cache"};
    (void)here(memory, 10);
    (void)there(memory, 20);
  });
  BOOST_TEST(result.status == 0);
  const std::string& text = result.message;
  BOOST_TEST(text.starts_with("zpmr: checked_resource \"cache\": 30 bytes in 2 blocks were never "
                              "freed\n  20 bytes in 1 block, allocated at\n    "),
             text);
  BOOST_TEST(text.find("  10 bytes in 1 block, allocated at\n    ") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(of_many_places_the_first_are_written) {
  std::vector<zpmr::leak> many(25, zpmr::leak{{}, 8, 1});
  const zpmr::test::child_result result = zpmr::test::run_in_child([&] {
    const checked_resource memory{&upstream, "cache"};
    zpmr::misuse_handler().on_leaks(memory, many);
  });
  const std::string& text = result.message;
  BOOST_TEST(text.starts_with("zpmr: checked_resource \"cache\": 200 bytes in 25 blocks"), text);
  BOOST_TEST(text.ends_with("  and others, from 5 more places\n"), text);
}

BOOST_AUTO_TEST_SUITE_END()
