// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE ensemble

#include "ensemble.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "noting_subject.hpp"
#include "support/death.hpp"

using namespace zpmr::compare;
using namespace zpmr::test;

BOOST_AUTO_TEST_CASE(blocks_are_touched_and_freed_with_the_size_and_alignment_they_were_asked_for) {
  noting_subject on;
  block_places places(1, 1);
  ensemble threads(on, places, measure::processor_time);
  const auto steps = pairs(1000, 0);
  const std::vector<batch_part> parts{{0, 2000, after_batch::thread_ends}};
  (void)threads.play(parts, steps);
  BOOST_TEST(on.memory.operations == 2000U);
  BOOST_TEST(on.memory.mistakes == 0U);
  BOOST_TEST(on.memory.untouched == 0U);
  BOOST_TEST(on.memory.live.empty());
}

BOOST_AUTO_TEST_CASE(steps_are_done_in_their_order_whatever_their_kinds_are) {
  std::mt19937 random{1};
  std::vector<step> steps;
  std::vector<std::uint32_t> used;
  std::vector<std::ptrdiff_t> order;
  for (std::uint32_t i = 1; i <= 5000; ++i) {
    const bool frees = !used.empty() && random() % 2 == 0;
    if (!frees) used.push_back(i);
    const std::uint32_t place = used.back();  // and its size
    if (frees) used.pop_back();
    steps.push_back({place, place, frees ? action::free : action::allocate, 4});
    order.push_back(frees ? -std::ptrdiff_t{place} : std::ptrdiff_t{place});
    if (random() % 16 == 0) {  // a block that is handed over, if only to oneself
      steps.push_back({i, i, action::allocate_and_hand_over, 3});
      steps.push_back({i, i, action::take_over_and_free, 3});
      order.insert(order.end(), {std::ptrdiff_t{i}, -std::ptrdiff_t{i}});
    }
  }
  noting_subject on;
  block_places places(5001, 5001);
  ensemble threads(on, places, measure::processor_time);
  const auto count = static_cast<std::uint32_t>(steps.size());
  (void)threads.play(std::vector<batch_part>{{0, count, after_batch::thread_ends}}, steps);
  BOOST_TEST(on.memory.order == order, boost::test_tools::per_element());
  BOOST_TEST(on.memory.mistakes == 0U);
  BOOST_TEST(on.memory.live.size() == used.size());
}

BOOST_AUTO_TEST_CASE(the_first_thread_is_the_main_thread_and_needs_no_other) {
  noting_subject on;
  block_places places(1, 1);
  ensemble threads(on, places, measure::processor_time);
  (void)threads.play(std::vector<batch_part>{{0, 20, after_batch::thread_goes_on}}, pairs(10, 0));
  BOOST_TEST((on.memory.threads == std::set{std::this_thread::get_id()}));
}

BOOST_AUTO_TEST_CASE(each_seat_has_a_thread_that_stays_until_it_ends) {
  noting_subject on;
  block_places places(3, 1);
  ensemble threads(on, places, measure::processor_time);
  auto steps = pairs(10, 0);
  for (const std::uint32_t place : {1U, 2U}) {
    const auto more = pairs(10, place);
    steps.insert(steps.end(), more.begin(), more.end());
  }
  std::vector<batch_part> parts{{0, 20, after_batch::thread_goes_on},
                                {1, 20, after_batch::thread_goes_on},
                                {2, 20, after_batch::thread_goes_on}};
  (void)threads.play(parts, steps);
  BOOST_TEST(on.memory.threads.size() == 3U);
  (void)threads.play(parts, steps);
  BOOST_TEST(on.memory.threads.size() == 3U);
  BOOST_TEST(on.memory.operations == 120U);
  BOOST_TEST(on.memory.mistakes == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_is_handed_over_from_thread_to_thread_many_times) {
  constexpr std::uint32_t count = 20000;
  noting_subject on;
  block_places places(1, count);
  ensemble threads(on, places, measure::processor_time);
  const auto steps = hand_overs(count);
  // Once with the main thread waiting, once with the other.
  for (const auto& [first, second] : {std::pair(1U, 0U), std::pair(0U, 1U)}) {
    const std::vector<batch_part> parts{{first, count, after_batch::thread_goes_on},
                                        {second, count, after_batch::thread_goes_on}};
    (void)threads.play(parts, steps);
    BOOST_TEST(on.memory.live.empty());
  }
  BOOST_TEST(on.memory.mistakes == 0U);
  BOOST_TEST(on.memory.operations == 4 * count);
}

BOOST_AUTO_TEST_CASE(memory_that_runs_out_ends_the_process_though_a_thread_waits_for_the_block) {
  const auto child = zpmr::test::run_in_child([] {
    std::signal(SIGALRM, SIG_DFL);
    ::alarm(30);  // it would wait for ever
    noting_subject on;
    on.memory.before_allocating = [] { throw std::bad_alloc(); };
    block_places places(1, 1);
    ensemble threads(on, places, measure::processor_time);
    const std::vector<batch_part> parts{{1, 1, after_batch::thread_goes_on},
                                        {0, 1, after_batch::thread_goes_on}};
    (void)threads.play(parts, hand_overs(1));
  });
  BOOST_TEST(WIFEXITED(child.status));
  BOOST_TEST(WEXITSTATUS(child.status) == ensemble::out_of_memory_status);
}

BOOST_AUTO_TEST_CASE(every_subject_replays_on_two_threads) {
  std::vector<std::string> names = subject_names();
  std::erase(names, unsynchronized_pool);
  names.emplace_back(nothing);
  for (const std::string& name : names) {
    const auto on = make_subject(name, 9000);
    block_places places(1, 1000);
    ensemble threads(*on, places, measure::processor_time);
    const auto steps = hand_overs(1000);
    const std::vector<batch_part> parts{{0, 1000, after_batch::thread_goes_on},
                                        {1, 1000, after_batch::thread_ends}};
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(threads.play(parts, steps).elapsed.count() > 0);
      (void)threads.finish();
    }
  }
}
