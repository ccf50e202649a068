// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <vector>
#include <zpmr/checked_resource.hpp>
#include <zpmr/counting_resource.hpp>

#include "support/misuses.hpp"
#include "support/probe_resource.hpp"

namespace {

using zpmr::checked_resource;
using zpmr::misuse_kind;
using zpmr::test::noted_misuse;
using zpmr::test::write_byte;

struct fixture {
  zpmr::test::probe_resource upstream;
  zpmr::test::noting_handler handler;
  checked_resource memory{&upstream, "memory", {.handler = &handler}};

  const noted_misuse& only_fault() {
    BOOST_REQUIRE_EQUAL(handler.faults.size(), 1U);
    return handler.faults.front();
  }

  void expect_kinds(std::vector<misuse_kind> kinds) {
    BOOST_REQUIRE_EQUAL(handler.faults.size(), kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      BOOST_CHECK(handler.faults[i].kind == kinds[i]);
    }
  }
};

/// Whether it leads from here to `main` and beyond.
bool is_known(zpmr::call_stack stack) {
  return stack.frames().size() >= 3;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checked, fixture)

BOOST_AUTO_TEST_CASE(right_use_is_no_fault) {
  for (std::size_t alignment = 1; alignment <= std::size_t{8} << 20; alignment *= 2) {
    for (const std::size_t bytes : {0U, 1U, 7U, 64U, 5000U, 100000U}) {
      void* const block = memory.allocate(bytes, alignment);
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % alignment == 0U);
      for (std::size_t i = 0; i < bytes; ++i) static_cast<char*>(block)[i] = 'x';
      BOOST_TEST(memory.verify() == 0U);
      memory.deallocate(block, bytes, alignment);
    }
  }
  BOOST_TEST(handler.faults.empty());
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_free_with_another_size_is_told_and_the_block_freed_as_it_was_allocated) {
  void* const block = memory.allocate(40, 8);
  memory.deallocate(block, 48, 8);
  const noted_misuse& fault = only_fault();
  BOOST_CHECK(fault.kind == misuse_kind::mismatched_free);
  BOOST_TEST(fault.call->block == block);
  BOOST_TEST(fault.call->bytes == 48U);
  BOOST_TEST(fault.block->start == block);
  BOOST_TEST(fault.block->bytes == 40U);
  BOOST_TEST(fault.block->number == 1U);
  BOOST_TEST(is_known(fault.block->allocated));
  BOOST_TEST(fault.block->freed.frames().empty());
  BOOST_TEST(is_known(fault.found));
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_free_with_another_alignment_is_told) {
  void* const block = memory.allocate(40, 64);
  memory.deallocate(block, 40, 8);
  BOOST_CHECK(only_fault().kind == misuse_kind::mismatched_free);
  BOOST_TEST(only_fault().call->alignment == 8U);
  BOOST_TEST(only_fault().block->alignment == 64U);
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_foreign_pointer_is_told_and_left_alone) {
  int foreign = 0;
  memory.deallocate(&foreign, sizeof foreign);
  BOOST_CHECK(only_fault().kind == misuse_kind::unknown_block);
  BOOST_TEST(only_fault().call->block == &foreign);
  BOOST_TEST(!only_fault().block.has_value());
  BOOST_TEST(is_known(only_fault().found));

  memory.deallocate(nullptr, 1);
  void* const of_the_upstream = upstream.allocate(10);
  memory.deallocate(of_the_upstream, 10);
  upstream.deallocate(of_the_upstream, 10);
  expect_kinds(
      {misuse_kind::unknown_block, misuse_kind::unknown_block, misuse_kind::unknown_block});
}

BOOST_AUTO_TEST_CASE(a_pointer_into_a_block_is_told_with_the_block) {
  auto* const block = static_cast<char*>(memory.allocate(100));
  memory.deallocate(block + 24, 100);
  BOOST_CHECK(only_fault().kind == misuse_kind::unknown_block);
  BOOST_TEST(only_fault().block->start == block);
  BOOST_TEST(only_fault().offset == 24);
  memory.deallocate(block + 100, 1);  // past it
  BOOST_TEST(!handler.faults[1].block.has_value());
  memory.deallocate(block, 100);
  BOOST_TEST(handler.faults.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_second_free_is_told_with_the_first) {
  void* const block = memory.allocate(40);
  memory.deallocate(block, 40);
  const std::size_t deallocated = upstream.bytes();
  memory.deallocate(block, 40);
  BOOST_CHECK(only_fault().kind == misuse_kind::freed_twice);
  BOOST_TEST(only_fault().block->bytes == 40U);
  BOOST_TEST(is_known(only_fault().block->allocated));
  BOOST_TEST(is_known(only_fault().block->freed));
  BOOST_CHECK(only_fault().block->freed != only_fault().found);
  BOOST_TEST(upstream.bytes() == deallocated);
}

BOOST_AUTO_TEST_CASE(a_place_that_is_used_again_is_no_freed_block) {
  std::array<std::byte, 4096> buffer;
  std::pmr::monotonic_buffer_resource start(buffer.data(), buffer.size());
  std::pmr::unsynchronized_pool_resource pool(&start);
  checked_resource reusing(&pool, "reusing", {.handler = &handler});
  void* const block = reusing.allocate(40);
  reusing.deallocate(block, 40);
  for (int i = 0; i < 3000; ++i) {  // more than are remembered
    void* const again = reusing.allocate(40);
    BOOST_REQUIRE_EQUAL(again, block);
    reusing.deallocate(again, 40);
  }
  BOOST_TEST(handler.faults.empty());
  reusing.deallocate(block, 40);
  BOOST_CHECK(only_fault().kind == misuse_kind::freed_twice);
  BOOST_TEST(only_fault().block->number == 3001U);
}

BOOST_AUTO_TEST_CASE(a_write_past_either_end_is_told_at_the_free) {
  for (const std::size_t bytes : {0U, 1U, 10U, 64U, 1000U}) {
    for (const std::ptrdiff_t distance : {0, 1, 7, 63}) {
      for (const std::uint8_t value : std::array<std::uint8_t, 3>{0x00, 0xff, 0x5a}) {
        handler.faults.clear();
        void* const block = memory.allocate(bytes, 1);
        const std::ptrdiff_t past = static_cast<std::ptrdiff_t>(bytes) + distance;
        write_byte(block, past, value);
        memory.deallocate(block, bytes, 1);
        BOOST_CHECK(only_fault().kind == misuse_kind::written_past_end);
        BOOST_TEST(only_fault().offset == past);

        handler.faults.clear();
        void* const other = memory.allocate(bytes, 1);
        write_byte(other, -1 - distance, value);
        memory.deallocate(other, bytes, 1);
        BOOST_CHECK(only_fault().kind == misuse_kind::written_before_start);
        BOOST_TEST(only_fault().offset == -1 - distance);
      }
    }
  }
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(writes_past_both_ends_and_a_wrong_size_are_three_faults) {
  void* const block = memory.allocate(10);
  write_byte(block, -8);
  write_byte(block, 10);
  memory.deallocate(block, 11);
  expect_kinds({misuse_kind::mismatched_free, misuse_kind::written_before_start,
                misuse_kind::written_past_end});
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(verify_finds_what_was_overwritten_once) {
  void* const one = memory.allocate(10);
  void* const two = memory.allocate(20);
  void* const three = memory.allocate(30);
  write_byte(one, 10);
  write_byte(three, -1);
  write_byte(three, 30);
  BOOST_TEST(memory.verify() == 3U);
  BOOST_TEST(memory.verify() == 0U);
  memory.deallocate(one, 10);
  memory.deallocate(two, 20);
  expect_kinds({misuse_kind::written_past_end, misuse_kind::written_before_start,
                misuse_kind::written_past_end});
  BOOST_TEST(!handler.faults[0].call.has_value());
  BOOST_TEST(handler.faults[0].block->start == one);
  write_byte(three, 31);
  memory.deallocate(three, 30);
  BOOST_TEST(handler.faults.size() == 4U);
}

BOOST_AUTO_TEST_CASE(what_the_handler_throws_passes_when_the_block_is_freed) {
  handler.then = [](const zpmr::misuse&) { throw std::runtime_error("from the handler"); };
  void* const block = memory.allocate(10);
  write_byte(block, -1);
  write_byte(block, 10);
  BOOST_CHECK_THROW(memory.deallocate(block, 11), std::runtime_error);
  BOOST_TEST(handler.faults.size() == 3U);
  BOOST_TEST(upstream.bytes() == 0U);
  BOOST_CHECK_THROW(memory.deallocate(block, 10), std::runtime_error);
  BOOST_CHECK(handler.faults.back().kind == misuse_kind::freed_twice);
  BOOST_TEST(memory.leaks().empty());

  void* const other = memory.allocate(10);
  write_byte(other, 10);
  BOOST_CHECK_THROW(memory.verify(), std::runtime_error);
  BOOST_TEST(memory.verify() == 0U);
  memory.deallocate(other, 10);
}

BOOST_AUTO_TEST_CASE(of_several_things_that_the_handler_throws_the_first_passes) {
  handler.then = [this](const zpmr::misuse&) {
    throw std::runtime_error("fault " + std::to_string(handler.faults.size()));
  };
  void* const block = memory.allocate(10);
  write_byte(block, -1);
  write_byte(block, 10);
  BOOST_CHECK_EXCEPTION(
      memory.deallocate(block, 10), std::runtime_error,
      [](const std::runtime_error& error) { return error.what() == std::string("fault 1"); });
  BOOST_TEST(handler.faults.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_use_the_resource) {
  handler.then = [&](const zpmr::misuse& fault) {
    std::pmr::string text("a text that is too long for the string's own buffer", &memory);
    BOOST_TEST(memory.leaks().size() >= 1U);
    BOOST_TEST(&fault.resource == &memory);
    BOOST_TEST(memory.verify() == 0U);
  };
  void* const block = memory.allocate(10);
  memory.deallocate(block, 11);
  memory.deallocate(block, 10);
  BOOST_TEST(handler.faults.size() == 2U);
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_being_freed_is_freed_already) {
  void* const block = memory.allocate(10);
  handler.then = [&](const zpmr::misuse& fault) {
    if (fault.kind == misuse_kind::mismatched_free) memory.deallocate(block, 10);
  };
  memory.deallocate(block, 11);
  expect_kinds({misuse_kind::mismatched_free, misuse_kind::freed_twice});
  BOOST_TEST(upstream.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(equality_is_identity) {
  checked_resource other{&upstream, "memory", {.handler = &handler}};
  BOOST_TEST(memory.is_equal(memory));
  BOOST_TEST(!memory.is_equal(other));
  BOOST_TEST(!memory.is_equal(upstream));
}

BOOST_AUTO_TEST_CASE(a_long_name_is_cut) {
  const checked_resource other{&upstream, std::string(100, 'n'), {.handler = &handler}};
  BOOST_TEST(other.name() == std::string(63, 'n'));
  BOOST_TEST(checked_resource{&upstream}.name() == "");
}

BOOST_AUTO_TEST_CASE(what_the_upstream_throws_passes_and_leaves_nothing) {
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  BOOST_CHECK_THROW((void)memory.allocate(10), std::bad_alloc);
  upstream.before_allocation = [] { throw std::runtime_error("broken"); };
  BOOST_CHECK_THROW((void)memory.allocate(10), std::runtime_error);
  BOOST_TEST(memory.leaks().empty());
}

BOOST_AUTO_TEST_CASE(counted_above_it_shows_what_was_requested_and_below_it_what_was_taken) {
  zpmr::counting_resource below{&upstream, "below"};
  checked_resource between{&below, "between", {.handler = &handler}};
  zpmr::counting_resource above{&between, "above"};
  std::pmr::vector<int> numbers(1000, 7, &above);
  BOOST_TEST(above.bytes_in_use() == 4000U);
  BOOST_TEST(below.bytes_in_use() == 4128U);
  numbers = std::pmr::vector<int>(&above);
  numbers.shrink_to_fit();
  BOOST_TEST(above.bytes_in_use() == 0U);
  BOOST_TEST(below.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
