// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE process_memory_generic
#include <boost/test/unit_test.hpp>
#include <zpmr/memory_budget.hpp>
#include <zpmr/process_memory.hpp>

// Take the place of this system's own, and of who calls it: a shared library calls its own.
#include "platform/no_smaps.cpp"
#include "platform/process_memory_generic.cpp"
#include "reports/process_memory.cpp"

BOOST_AUTO_TEST_CASE(a_system_that_is_not_known_has_no_made_up_figures) {
  zpmr::process_memory memory = zpmr::sample_process_memory();
  BOOST_TEST(memory.page_size.has_value());  // POSIX has it
  memory.page_size.reset();
  memory.process_limit.reset();  // and this
  BOOST_TEST((memory == zpmr::process_memory{}));
  BOOST_TEST(!zpmr::smaps_field("Rss"));
  BOOST_TEST(!zpmr::memory_budget(1, memory));
}
