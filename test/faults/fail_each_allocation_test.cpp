// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE fail_each_allocation
#include <zpmr/fail_each_allocation.hpp>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <exception>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/memory_tracker.hpp>

namespace {

using zpmr::fail_each_allocation;
using zpmr::failure_kind;

struct setting {
  zpmr::failure_schedule failures;
  zpmr::failing_resource scarce{std::pmr::new_delete_resource(), failures};
  zpmr::counting_resource<> memory{&scarce, "under test"};

  void allocate_and_free(int times) {
    for (int i = 0; i < times; ++i) memory.deallocate(memory.allocate(64), 64);
  }
  template <class F>
  std::uint64_t run(F block) {
    return fail_each_allocation(failures, {&memory.tracker()}, block);
  }
  template <class F>
  std::string complaint(F block) {
    try {
      static_cast<void>(run(block));
    } catch (const std::logic_error& fault) {
      return fault.what();
    }
    return "";
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(every_allocation_fails_once_and_once_with_all_after_it, setting) {
  std::vector<std::uint64_t> before_failing;
  std::vector<std::uint64_t> failed;
  const auto tried = run([&] {
    const auto note = [&] {
      before_failing.push_back(failures.allocations() - failures.failures());
      failed.push_back(failures.failures());
    };
    try {
      allocate_and_free(3);
    } catch (const std::bad_alloc&) {
      try {
        allocate_and_free(1);  // gets through where the failure was but transient
      } catch (const std::bad_alloc&) {
      }
      note();
      throw;
    }
    note();
  });
  BOOST_TEST(tried == 6u);
  BOOST_TEST(before_failing == (std::vector<std::uint64_t>{1, 2, 3, 3, 0, 1, 2, 3}),
             boost::test_tools::per_element());
  BOOST_TEST(failed == (std::vector<std::uint64_t>{1, 1, 1, 0, 2, 2, 2, 0}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_block_that_swallows_failures_is_still_tried_to_its_end, setting) {
  int calls = 0;
  const auto tried = run([&] {
    ++calls;
    for (int i = 0; i < 5; ++i) {
      try {
        allocate_and_free(1);
      } catch (const std::bad_alloc&) {
      }
    }
  });
  BOOST_TEST(tried == 10u);
  BOOST_TEST(calls == 12);
}

BOOST_FIXTURE_TEST_CASE(nothing_fails_afterwards, setting) {
  BOOST_TEST(run([&] { allocate_and_free(2); }) == 4u);
  allocate_and_free(10);
  BOOST_TEST(failures.failures() == 0u);
  BOOST_CHECK_THROW(static_cast<void>(run([] { throw std::runtime_error(""); })), std::logic_error);
  allocate_and_free(10);
  BOOST_TEST(failures.failures() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_block_that_allocates_nothing_was_not_tested_and_that_is_told, setting) {
  BOOST_TEST(run([] {}) == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_leak_after_a_failure_is_found_and_the_allocation_is_named, setting) {
  void* leaked = nullptr;
  const std::string text = complaint([&] {
    void* const first = memory.allocate(100);
    try {
      allocate_and_free(1);
    } catch (const std::bad_alloc&) {
      leaked = first;
      throw;
    }
    memory.deallocate(first, 100);
  });
  BOOST_TEST(text ==
             "zpmr: with allocation 2 failing, tracker \"under test\" was left with 100 bytes (100 "
             "requested) in 1 blocks; before it had 0 bytes (0 requested) in 0 blocks");
  memory.deallocate(leaked, 100);
}

BOOST_FIXTURE_TEST_CASE(a_fault_that_only_a_lasting_failure_shows_is_found, setting) {
  std::vector<void*> leaked;
  const std::string text = complaint([&] {
    void* const first = memory.allocate(100);
    try {
      allocate_and_free(1);
    } catch (const std::bad_alloc&) {
      try {
        allocate_and_free(1);
      } catch (const std::bad_alloc&) {
        leaked.push_back(first);
        throw;
      }
    }
    memory.deallocate(first, 100);
  });
  BOOST_TEST(text.starts_with("zpmr: with allocation 2 and all after it failing, tracker "), text);
  for (void* const block : leaked) memory.deallocate(block, 100);
}

BOOST_FIXTURE_TEST_CASE(a_block_that_leaves_something_even_without_a_failure_is_found, setting) {
  void* left = nullptr;
  const std::string text = complaint([&] { left = memory.allocate(1); });
  BOOST_TEST(text.starts_with("zpmr: with allocation 2 failing, tracker \"under test\" was left "),
             text);
  memory.deallocate(left, 1);
}

BOOST_FIXTURE_TEST_CASE(blocks_of_no_bytes_are_missed_too, setting) {
  void* left = nullptr;
  BOOST_TEST(complaint([&] { left = memory.allocate(0); }).find("in 1 blocks; before it had 0") !=
             std::string::npos);
  memory.deallocate(left, 0);
}

BOOST_FIXTURE_TEST_CASE(what_the_trackers_had_before_may_be_anything, setting) {
  void* const held = memory.allocate(1000);
  memory.tracker().charge(5);
  BOOST_TEST(run([&] { allocate_and_free(2); }) == 4u);
  BOOST_TEST(complaint([&] { memory.tracker().uncharge(5); })
                 .find("was left with 1000 bytes (1000 requested) in 1 blocks; before it had 1005 "
                       "bytes") != std::string::npos);
  memory.deallocate(held, 1000);
}

BOOST_FIXTURE_TEST_CASE(every_tracker_is_looked_at, setting) {
  zpmr::memory_tracker second{"second"};
  BOOST_CHECK_EXCEPTION(static_cast<void>(fail_each_allocation(
                            failures, {&memory.tracker(), &second}, [&] { second.charge(1); })),
                        std::logic_error, [](const std::logic_error& fault) {
                          return std::string(fault.what()).find("tracker \"second\"") !=
                                 std::string::npos;
                        });
  second.uncharge(second.bytes_in_use());
}

BOOST_FIXTURE_TEST_CASE(another_exception_is_told_with_the_allocation_and_nested, setting) {
  const auto translate = [&] {
    try {
      allocate_and_free(2);
    } catch (const std::bad_alloc&) {
      throw std::system_error(ENOMEM, std::generic_category(), "no socket");
    }
  };
  BOOST_TEST(complaint(translate).starts_with(
      "zpmr: with allocation 1 failing, the block threw: no socket"));
  try {
    static_cast<void>(run(translate));
  } catch (const std::logic_error& fault) {
    BOOST_CHECK_THROW(std::rethrow_if_nested(fault), std::system_error);
  }
}

BOOST_FIXTURE_TEST_CASE(a_bad_alloc_that_nothing_was_made_to_cause_passes, setting) {
  BOOST_CHECK_THROW(static_cast<void>(run([] { throw std::bad_alloc{}; })), std::bad_alloc);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_exception_of_the_standard_passes, setting) {
  BOOST_CHECK_THROW(static_cast<void>(run([] { throw 42; })), int);
}
