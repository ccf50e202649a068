// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE prometheus_hardening

#include <boost/test/unit_test.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/prometheus.hpp>

#include "support/failing_new.hpp"

BOOST_AUTO_TEST_CASE(a_scrape_that_finds_no_memory_leaves_the_next_one_whole) {
  zpmr::memory_tracker root{"a root with a name that needs memory of its own"};
  zpmr::memory_tracker child{"child", root};
  zpmr::memory_tracker twin{"child", root};
  child.charge(100);
  const zpmr::prometheus_collector collector;
  const std::size_t expected = collector.Collect().size();
  std::size_t wrong = 0;
  BOOST_TEST(zpmr::test::fail_each_new({&root, &child, &twin}, [&] {
               wrong += collector.Collect().size() != expected;
             }) > 100u);
  BOOST_TEST(wrong == 0u);
  child.uncharge(100);
}
