// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE environment
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <zpmr/memory_tracker.hpp>

#include "support/death.hpp"
#include "support/sanitizer.hpp"

// default_allocator_test looks at ZPMR_MALLOC.

namespace {

/// Returns: what a process says that charges for the first time with that value of ZPMR_MEMBARRIER.
zpmr::test::child_result child_with(const std::string& value) {
  return zpmr::test::run_in_child([&] {
    ::setenv("ZPMR_MEMBARRIER", value.c_str(), 1);
    zpmr::memory_tracker tracker{"first"};
    for (int i = 0; i < 3; ++i) tracker.charge(100);
    if (tracker.bytes_in_use() != 300) ::_exit(1);
    tracker.uncharge(300);
  });
}

// The thread sanitizer goes without membarrier, and nothing is asked.
boost::test_tools::assertion_result membarrier_may_be_used(boost::unit_test::test_unit_id) {
  return !zpmr::test::thread_sanitizer;
}

}  // namespace

BOOST_AUTO_TEST_CASE(membarrier_is_switched_off_by_one_word_only) {
  for (const char* value : {"", "off"}) {
    const zpmr::test::child_result child = child_with(value);
    BOOST_TEST(child.status == 0);
    BOOST_TEST(child.message == "");
  }
}

BOOST_AUTO_TEST_CASE(any_other_word_for_membarrier_is_told_once_and_ignored,
                     *boost::unit_test::precondition(membarrier_may_be_used)) {
  const std::string forty(40, 'x');
  const std::pair<std::string, std::string> values_and_told[] = {
      {"OFF", "OFF"},
      {"0", "0"},
      {"off ", "off "},
      {"100%s", "100%s"},
      {"two\nlines\x1b\x7f\xc3\xa9", "two?lines????"},
      {std::string(100'000, 'x'), forty + "..."},
  };
  for (const auto& [value, told] : values_and_told) {
    const zpmr::test::child_result child = child_with(value);
    BOOST_TEST(child.status == 0);
    BOOST_TEST(child.message == "zpmr: ZPMR_MEMBARRIER=" + told +
                                    " is not known: using membarrier, as nothing but \"off\" "
                                    "forbids it\n");
  }
}
