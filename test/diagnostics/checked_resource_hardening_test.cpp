// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_hardening

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <zpmr/checked_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/libc_resource.hpp>

#include "support/containers.hpp"
#include "support/death.hpp"
#include "support/failing_mmap.hpp"
#include "support/failing_new.hpp"
#include "support/misuses.hpp"
#include "support/probe_resource.hpp"

namespace {

using zpmr::checked_options;
using zpmr::checked_resource;
using zpmr::counting_resource;
using zpmr::fail_each_allocation;
using zpmr::test::fail_each_new;
using zpmr::test::mmap_failures;
using zpmr::test::new_failures;
using zpmr::test::noting_handler;
using zpmr::test::probe_resource;
using zpmr::test::use_containers;

struct scarce_memory {
  noting_handler handler;
  probe_resource probe;
  zpmr::failure_schedule failures;
  zpmr::failing_resource scarce{&probe, failures};
  counting_resource<> below{&scarce};

  /// Every way to look after blocks.
  const checked_options ways[4] = {
      {.handler = &handler},
      {.freed = zpmr::freed_bytes::kept, .handler = &handler},
      {.quarantine_bytes = 10'000, .handler = &handler},
      {.sample_interval = 100, .handler = &handler},
  };
};

/// A resource that is left with a block in use.
void leak_a_block(zpmr::misuse_handler* handler) {
  static std::byte storage[1000];
  std::pmr::monotonic_buffer_resource buffer{storage, sizeof storage,
                                             std::pmr::null_memory_resource()};
  checked_resource memory{&buffer, "leaky", {.handler = handler}};
  static_cast<void>(memory.allocate(100));
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(where_the_upstream_fails_it_is_no_fault_and_nothing_is_lost,
                        scarce_memory) {
  for (const checked_options& options : ways) {
    BOOST_TEST(fail_each_allocation(failures, {&below.tracker()}, [&] {
                 checked_resource memory{&below, "under test", options};
                 counting_resource above{&memory};
                 use_containers(&above);
                 if (above.bytes_in_use() != 0) throw std::logic_error("bytes are left above");
               }) > 100u);
    BOOST_TEST(handler.faults.empty());
    BOOST_TEST(handler.leaks.empty());
    BOOST_TEST(probe.bytes() == 0u);
  }
}

BOOST_FIXTURE_TEST_CASE(so_it_is_where_there_is_no_memory_for_the_books, scarce_memory) {
  for (const checked_options& options : ways) {
    BOOST_TEST(fail_each_allocation(mmap_failures, {&below.tracker()}, [&] {
                 checked_resource memory{&below, "under test", options};
                 use_containers(&memory);
                 static_cast<void>(memory.leaks());
               }) > 0u);
    BOOST_TEST(handler.faults.empty());
    BOOST_TEST(handler.leaks.empty());
    BOOST_TEST(probe.bytes() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(only_a_list_of_leaks_takes_anything_from_operator_new) {
  BOOST_TEST(fail_each_new({}, [&] {
               checked_resource memory{zpmr::libc()};
               void* const block = memory.allocate(100);
               std::size_t leaks = 0;
               try {
                 leaks = memory.leaks().size();
               } catch (const std::bad_alloc&) {
               }
               memory.deallocate(block, 100);
               if (leaks > 1 || memory.verify() != 0) throw std::logic_error("a wrong leak");
             }) == 2u);  // one of each kind
}

// Where a block has leaked, or a fault ends the program, there may be no memory to say all of it.
BOOST_AUTO_TEST_CASE(leaks_are_told_with_as_much_memory_as_there_is) {
  const auto result = zpmr::test::run_in_child(
      [] { static_cast<void>(fail_each_new({}, [] { leak_a_block(nullptr); })); });
  BOOST_TEST(result.status == 0);
  BOOST_TEST(result.message.find("100 bytes in 1 block was never freed") != std::string::npos);
  BOOST_TEST(result.message.find("no memory") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_fault_ends_the_program_whether_there_is_memory_to_print_it_or_not) {
  const std::string message = zpmr::test::message_of_abort([] {
    checked_resource memory{std::pmr::new_delete_resource()};
    void* const block = memory.allocate(100);
    new_failures.set({.nth = 1, .kind = zpmr::failure_kind::persistent});
    memory.deallocate(block, 99);
  });
  BOOST_TEST(message.find("99") != std::string::npos);
  BOOST_TEST(message.find("no memory") != std::string::npos);
}
