// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_death

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>
#include <zpmr/call_stack.hpp>
#include <zpmr/checked_resource.hpp>

#include "support/death.hpp"
#include "support/misuses.hpp"
#include "support/probe_resource.hpp"
#include "support/sanitizer.hpp"

namespace {

using zpmr::checked_resource;

[[gnu::noinline]] void* make_a_block(checked_resource& memory) {
  void* const block = memory.allocate(24);
  return block;
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(
    without_a_handler_a_fault_is_written_with_functions_and_lines_and_ends_it_all) {
  const std::string text = zpmr::test::message_of_abort([] {
    checked_resource memory{std::pmr::new_delete_resource(), "sessions"};
    void* const block = make_a_block(memory);
    zpmr::test::write_byte(block, 24);
    memory.deallocate(block, 24);
  });
  BOOST_TEST(text.starts_with("zpmr: checked_resource \"sessions\": block 0x"), text);
  BOOST_TEST(has(text, " of 24 bytes was written to past its end, first at byte 24\n"), text);
  BOOST_TEST(has(text, "  Block 1, of 24 bytes, was allocated at\n    "), text);
  BOOST_TEST(has(text, "make_a_block"), text);
  BOOST_TEST(has(text, "  This was found at\n    "), text);
#if ZPMR_CHECKED  // a Debug build, with lines
  BOOST_TEST(has(text, "checked_resource_death_test.cpp:"), text);
  BOOST_TEST(!has(text, "zpmr::checked_resource::allocate"), text);
#endif
}

BOOST_AUTO_TEST_CASE(a_deallocation_in_a_container_ends_it_too) {
  const std::string text = zpmr::test::message_of_abort([] {
    checked_resource memory{std::pmr::new_delete_resource(), "sessions"};
    void* const block = make_a_block(memory);
    memory.deallocate(block, 24);
    memory.deallocate(block, 24);
  });
  BOOST_TEST(has(text, " freed with 24 bytes, but it was freed before\n"), text);
  BOOST_TEST(has(text, "  and freed at\n    "), text);
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_in_the_destructor_ends_the_program) {
  zpmr::test::noting_handler handler;
  handler.then = [](const zpmr::misuse&) { throw 1; };
  zpmr::test::message_of_abort([&] {
    checked_resource memory{std::pmr::new_delete_resource(), "sessions", {.handler = &handler}};
    zpmr::test::write_byte(make_a_block(memory), 24);
  });
}

BOOST_AUTO_TEST_CASE(with_the_address_sanitizer_it_stops_the_very_access) {
  if (!zpmr::test::address_sanitizer) return;
  const auto message_after = [](auto&& touch) {
    return zpmr::test::run_in_child([&] {
             checked_resource memory{
                 std::pmr::new_delete_resource(), "sessions", {.quarantine_bytes = 1000}};
             auto* const block = static_cast<volatile char*>(make_a_block(memory));
             touch(memory, block);
           })
        .message;
  };
  BOOST_TEST(has(message_after([](auto&, auto* block) { block[24] = 'x'; }), "use-after-poison"));
  BOOST_TEST(has(message_after([](auto&, auto* block) { block[-1] = 'x'; }), "use-after-poison"));
  BOOST_TEST(has(message_after([](auto& memory, auto* block) {
                   memory.deallocate(const_cast<char*>(block), 24);
                   (void)block[0];
                 }),
                 "use-after-poison"));
  BOOST_TEST(message_after([](auto& memory, auto* block) {
               block[23] = 'x';
               memory.deallocate(const_cast<char*>(block), 24);
             }) == "");
}

BOOST_AUTO_TEST_CASE(equal_stacks_are_one_and_others_are_not) {
  zpmr::call_stack stacks[2];
  for (zpmr::call_stack& each : stacks) each = zpmr::call_stack::here();
  BOOST_CHECK(stacks[0] == stacks[1]);
  BOOST_CHECK(stacks[0] != zpmr::call_stack::here());
  BOOST_TEST(zpmr::call_stack().frames().empty());
  BOOST_TEST(stacks[0].frames().size() <= 32U);
}

#if ZPMR_CHECKED
BOOST_AUTO_TEST_CASE(wrong_arguments_stop_a_checked_build) {
  BOOST_TEST(has(zpmr::test::message_of_abort([] { checked_resource{nullptr}; }),
                 "zpmr: a checked_resource needs an upstream"));
  BOOST_TEST(has(zpmr::test::message_of_abort([] {
                   checked_resource memory{std::pmr::new_delete_resource()};
                   (void)memory.allocate(8, 3);
                 }),
                 "zpmr: the alignment must be a power of two"));
}
#endif
