// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE waiting_limit
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>
#include <zpmr/counting_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"
#include "support/threads.hpp"

namespace {

using namespace std::chrono_literals;
using zpmr::limit_event;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;

}  // namespace

BOOST_AUTO_TEST_CASE(waiting_limit_gets_the_room_that_another_thread_frees) {
  zpmr::waiting_limit cap{100, 5min};
  memory_tracker tracker{"shared", &cap};
  tracker.charge(100);
  bool charged = false;
  std::jthread waiting{[&] {
    tracker.charge(30);
    charged = true;
  }};
  for (int i = 0; i < 100; ++i) {
    tracker.uncharge(1);
    std::this_thread::yield();
  }
  waiting.join();
  BOOST_TEST(charged);
  BOOST_TEST(tracker.bytes_in_use() == 30u);
  BOOST_TEST(tracker.snapshot().denied == 0u);
  BOOST_TEST(tracker.peak_bytes() <= 100u);
  tracker.uncharge(30);
}

BOOST_AUTO_TEST_CASE(waiting_limit_refuses_in_the_end_and_not_before_its_time) {
  constexpr auto patience = 20ms;
  zpmr::waiting_limit cap{100, patience};
  memory_tracker tracker{"full", &cap};
  tracker.charge(100);
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);
  BOOST_TEST((std::chrono::steady_clock::now() - start >= patience));
  BOOST_TEST(tracker.snapshot().denied == 1u);
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(waiting_limit_waits_its_time_once_however_often_it_is_asked) {
  constexpr auto patience = 5ms;
  zpmr::waiting_limit cap{100, patience};
  const memory_tracker tracker{"full", &cap};
  BOOST_TEST((cap.on_limit({tracker, 1, 100, 100, 1}) == zpmr::limit_action::retry));
  std::this_thread::sleep_for(patience);
  BOOST_TEST((cap.on_limit({tracker, 1, 100, 100, 2}) == zpmr::limit_action::deny));
}

BOOST_AUTO_TEST_CASE(waiting_limit_waits_anew_for_each_charge) {
  constexpr auto patience = 5ms;
  zpmr::waiting_limit cap{100, patience};
  memory_tracker tracker{"full", &cap};
  tracker.charge(100);
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    BOOST_CHECK_THROW(tracker.charge(1), limit_exceeded);
    BOOST_TEST((std::chrono::steady_clock::now() - start >= patience));
  }
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(waiting_limit_waits_its_time_although_another_policy_was_asked_first) {
  constexpr auto patience = 20ms;
  zpmr::waiting_limit cap{100, patience};
  memory_tracker root{"waits", &cap};
  memory_tracker leaf{"evicts", root};
  root.charge(95);
  leaf.set_limit(0);
  // Ninety questions to the leaf's policy, then the leaf has room and the root has not.
  unsigned asked = 0;
  zpmr::evicting_limit evicting{0, [&](const limit_event&) {
                                  if (++asked == 90) leaf.set_limit(100);
                                  return true;
                                }};
  leaf.set_policy(&evicting);
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK_THROW(leaf.charge(10), limit_exceeded);
  BOOST_TEST((std::chrono::steady_clock::now() - start >= patience));
  BOOST_TEST(asked == 90u);
  root.uncharge(95);
}

BOOST_AUTO_TEST_CASE(each_waiting_limit_that_a_charge_meets_waits_its_own_time) {
  zpmr::waiting_limit patient{100, 5min};
  zpmr::waiting_limit hasty{100, 0ns};
  const memory_tracker leaf{"waits", &patient};
  const memory_tracker root{"does not", &hasty};
  BOOST_TEST((patient.on_limit({leaf, 1, 100, 100, 1}) == zpmr::limit_action::retry));
  BOOST_TEST((hasty.on_limit({root, 1, 100, 100, 2}) == zpmr::limit_action::deny));
  BOOST_TEST((patient.on_limit({leaf, 1, 100, 100, 3}) == zpmr::limit_action::retry));
}

BOOST_AUTO_TEST_CASE(waiting_limit_may_wait_for_ever) {
  zpmr::waiting_limit cap{100, std::chrono::nanoseconds::max()};
  const memory_tracker tracker{"full", &cap};
  for (unsigned attempt = 1; attempt <= 3; ++attempt) {
    BOOST_TEST((cap.on_limit({tracker, 1, 100, 100, attempt}) == zpmr::limit_action::retry));
  }
}

BOOST_AUTO_TEST_CASE(waiting_limit_without_patience_refuses) {
  zpmr::waiting_limit none{100, 0ns};
  zpmr::waiting_limit negative{100, -1s};
  memory_tracker one{"one", &none};
  memory_tracker other{"other", &negative};
  BOOST_CHECK_THROW(one.charge(101), limit_exceeded);
  BOOST_CHECK_THROW(other.charge(101), limit_exceeded);
}

BOOST_AUTO_TEST_CASE(waiting_limit_shares_a_cap_among_more_threads_than_fit) {
  zpmr::waiting_limit cap{2 * 64, 5min};
  zpmr::test::probe_resource upstream;
  zpmr::counting_resource memory{&upstream, "shared", &cap};
  zpmr::test::run_together(8, [&](unsigned) {
    for (int i = 0; i < 50; ++i) memory.deallocate(memory.allocate(64), 64);
  });
  BOOST_TEST(upstream.most_bytes() <= 128u);
  BOOST_TEST(upstream.allocations() == 400u);
  BOOST_TEST(memory.bytes_in_use() == 0u);
  BOOST_TEST(memory.snapshot().denied == 0u);
}
