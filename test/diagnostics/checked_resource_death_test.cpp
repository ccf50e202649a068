// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_death

#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <sstream>
#include <string>
#include <utility>
#include <vector>
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
  *static_cast<volatile char*>(block) = 'x';  // else this function is not in the stack
  return block;
}

/// A pool that takes nothing from the system.
struct counted_pool final : std::pmr::memory_resource {
  std::size_t blocks = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = pool_.allocate(bytes, alignment);
    ++blocks;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    --blocks;
    pool_.deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  char buffer_[1 << 20];
  std::pmr::monotonic_buffer_resource source_{buffer_, sizeof buffer_};
  std::pmr::unsynchronized_pool_resource pool_{&source_};
};

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
#ifndef NDEBUG  // a Debug build, with lines
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

BOOST_AUTO_TEST_CASE(a_fault_is_printed_with_what_is_wrong_and_both_places) {
  zpmr::test::noting_handler handler;
  checked_resource memory{std::pmr::new_delete_resource(), "memory", {.handler = &handler}};
  std::string text;
  handler.then = [&](const zpmr::misuse& fault) {
    std::ostringstream out;
    out << fault;
    text = std::move(out).str();
  };
  void* const block = memory.allocate(10);
  memory.deallocate(block, 11);
  BOOST_TEST(text.starts_with("checked_resource \"memory\": block 0x"));
  for (
      const char* const part :
      {" freed with 11 bytes and alignment 16, but it was allocated with 10 bytes and alignment 16\n",
       "  Block 1, of 10 bytes, was allocated at\n    ", "  This was found at\n    "}) {
    BOOST_TEST(text.find(part) != std::string::npos, text);
  }
  memory.deallocate(block, 10);
  BOOST_TEST(text.find(" freed with 10 bytes, but it was freed before\n") != std::string::npos,
             text);
  BOOST_TEST(text.find("  and freed at\n    ") != std::string::npos, text);
  void* const other = memory.allocate(10);
  memory.deallocate(static_cast<char*>(other) + 4, 6);
  BOOST_TEST(text.find(": it points to byte 4 of block 0x") != std::string::npos, text);
  memory.deallocate(other, 10);
}

BOOST_AUTO_TEST_CASE(without_memory_for_its_books_it_refuses_and_gives_the_block_back) {
  if (zpmr::test::malloc_is_replaced) return;  // which need more of the system themselves
  const auto result = zpmr::test::run_in_child([] {
    static counted_pool pool;
    checked_resource memory{&pool};
    (void)memory.allocate(8);  // so that there is memory for some
    const rlimit no_more{0, 0};
    ::setrlimit(RLIMIT_AS, &no_more);
    const auto is_refused = [&] {
      const std::size_t before = pool.blocks;
      try {
        (void)memory.allocate(8);
      } catch (const std::bad_alloc&) {
        if (pool.blocks != before) ::_exit(3);
        return true;
      }
      return false;
    };
    int made = 0;
    while (made < 10000 && !is_refused()) ++made;
    ::_exit(made > 10 && made < 10000 && is_refused() ? 0 : 1);
  });
  BOOST_TEST(result.status == 0, result.message);
}

BOOST_AUTO_TEST_CASE(equal_stacks_are_one_and_others_are_not) {
  std::vector<zpmr::call_stack> stacks;
  volatile int count = 10;  // not known when compiling, or the loop becomes several calls
  for (int i = 0; i < count; ++i) stacks.push_back(zpmr::call_stack::here());
  BOOST_CHECK(stacks[1] == stacks[2]);
  BOOST_CHECK(stacks[0] != zpmr::call_stack::here());
  BOOST_TEST(zpmr::call_stack().frames().empty());
  BOOST_TEST(stacks[0].frames().size() <= 32U);
}

namespace {

template <std::size_t number>
[[gnu::noinline]] zpmr::call_stack stack_of() {
  const zpmr::call_stack stack = zpmr::call_stack::here();
  asm volatile("" : : "i"(number));  // so that each is a function of its own
  return stack;
}

template <std::size_t... number>
std::vector<zpmr::call_stack> different_stacks(std::index_sequence<number...>) {
  return {stack_of<number>()...};
}

}  // namespace

BOOST_AUTO_TEST_CASE(many_different_stacks_are_told_apart) {
  std::vector<const void* const*> places;
  for (const auto& each : different_stacks(std::make_index_sequence<400>())) {
    places.push_back(each.frames().data());
  }
  std::sort(places.begin(), places.end());
  BOOST_CHECK(std::adjacent_find(places.begin(), places.end()) == places.end());
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
