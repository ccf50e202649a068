// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE call_stack_fork
#include <boost/test/unit_test.hpp>
#include <zpmr/call_stack.hpp>

#include "support/slow_mapping.hpp"

BOOST_AUTO_TEST_CASE(a_child_can_note_its_calls_though_another_thread_was_noting_its_own) {
  // What looks through the stack takes memory of its own at first; and both leave a place here.
  BOOST_TEST(!zpmr::call_stack{}.frames().size());
  BOOST_TEST(zpmr::test::child_goes_on(
      1, [] { static_cast<void>(zpmr::call_stack::here()); },
      [] { return !zpmr::call_stack::here().frames().empty(); }));
}
