// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE events

#include <atomic>
#include <barrier>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <stdexcept>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/scripted_policy.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::limit_action;
using zpmr::limit_event;
using zpmr::memory_tracker;
using zpmr::test::run_together;
using zpmr::test::scripted_policy;

constexpr unsigned threads = 4;
constexpr std::uint64_t each = 5'000;

}  // namespace

BOOST_AUTO_TEST_CASE(each_denial_is_counted_once_at_every_tracker_of_its_path) {
  scripted_policy policy{0};
  memory_tracker root{"root", &policy};
  memory_tracker one{"one", root};
  memory_tracker other{"other", root};
  run_together(threads, [&](unsigned thread) {
    memory_tracker& charged = thread % 2 == 0 ? one : other;
    for (std::uint64_t i = 0; i < each; ++i) {
      try {
        charged.charge(8);
        throw std::logic_error("granted");
      } catch (const zpmr::limit_exceeded&) {
      }
    }
  });
  BOOST_TEST(policy.questions == threads * each);
  BOOST_TEST(root.snapshot().denied == threads * each);
  BOOST_TEST(one.snapshot().denied == threads / 2 * each);
  BOOST_TEST(other.snapshot().denied == threads / 2 * each);
  BOOST_TEST(root.snapshot().overdrafts == 0u);
  BOOST_TEST(root.snapshot().total_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(each_overdraft_is_counted_once_and_so_is_each_question) {
  scripted_policy policy{0, scripted_policy::always(limit_action::grant)};
  memory_tracker root{"root", &policy};
  memory_tracker leaf{"leaf", root};
  run_together(threads, [&](unsigned) {
    for (std::uint64_t i = 0; i < each; ++i) {
      leaf.charge(8);
      leaf.uncharge(8);
    }
  });
  BOOST_TEST(policy.questions == threads * each);
  BOOST_TEST(root.snapshot().overdrafts == threads * each);
  BOOST_TEST(leaf.snapshot().overdrafts == threads * each);
  BOOST_TEST(root.snapshot().denied == 0u);
  BOOST_TEST(policy.crossings >= 1u);
  BOOST_TEST(policy.crossings <= threads * each);
}

BOOST_AUTO_TEST_CASE(each_crossing_is_told_once_although_all_threads_cross_together) {
  std::atomic<std::uint64_t> told{0};
  zpmr::soft_limit soft{100, [&](const limit_event&) { ++told; }};
  memory_tracker root{"root", &soft};
  memory_tracker leaf{"leaf", root};
  constexpr unsigned rounds = 300;
  std::barrier meet{threads};
  run_together(threads, [&](unsigned) {
    for (unsigned round = 0; round < rounds; ++round) {
      leaf.charge(101);  // whoever is first crosses
      meet.arrive_and_wait();
      leaf.uncharge(101);
      meet.arrive_and_wait();
    }
  });
  BOOST_TEST(told == rounds);
  BOOST_TEST(root.snapshot().overdrafts == threads * rounds);
}

BOOST_AUTO_TEST_CASE(each_failure_of_the_upstream_is_asked_about_once) {
  scripted_policy policy{zpmr::no_limit};
  zpmr::failure_schedule failures{{.probability = 0.25, .seed = 42}};
  zpmr::failing_resource scarce{zpmr::default_allocator(), failures};
  zpmr::counting_resource memory{&scarce, "memory", &policy};
  std::atomic<std::uint64_t> thrown{0};
  run_together(threads, [&](unsigned) {
    for (std::uint64_t i = 0; i < each; ++i) {
      try {
        memory.deallocate(memory.allocate(64), 64);
      } catch (const std::bad_alloc&) {
        ++thrown;
      }
    }
  });
  BOOST_TEST(thrown > 0u);
  BOOST_TEST(thrown == failures.failures());
  BOOST_TEST(policy.failures == thrown);
  BOOST_TEST(memory.snapshot().allocations == threads * each - thrown);
  BOOST_TEST(memory.snapshot().denied == 0u);
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(callbacks_may_allocate_and_free_in_the_same_tree) {
  zpmr::failure_schedule failures{{.probability = 0.1, .seed = 1}};
  zpmr::failing_resource scarce{zpmr::default_allocator(), failures};
  std::pmr::memory_resource* inner = nullptr;
  std::atomic<std::uint64_t> denied_inside{0};
  const auto work_inside = [&] {
    try {
      inner->deallocate(inner->allocate(64), 64);
    } catch (const zpmr::limit_exceeded&) {
      ++denied_inside;
    } catch (const std::bad_alloc&) {
    }
  };
  scripted_policy policy{1000, [&](const limit_event& event) {
                           work_inside();
                           return event.attempt < 3 ? limit_action::retry : limit_action::grant;
                         }};
  policy.when_overdrawn = [&](const limit_event&) { work_inside(); };
  scripted_policy at_leaf{zpmr::no_limit};
  at_leaf.when_out_of_memory = [&](const limit_event& event) {
    work_inside();
    return event.attempt < 3 ? limit_action::retry : limit_action::deny;
  };
  memory_tracker root{"root", &policy};
  zpmr::counting_resource<> own{&scarce, root};
  memory_tracker leaf{"leaf", root, &at_leaf};
  zpmr::counting_resource<> memory{&scarce, leaf};
  inner = &own;
  run_together(threads, [&](unsigned) {
    for (std::uint64_t i = 0; i < each; ++i) {
      try {
        memory.deallocate(memory.allocate(600), 600);
      } catch (const std::bad_alloc&) {
      }
    }
  });
  BOOST_TEST(at_leaf.failures > 0u);
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.snapshot().blocks_in_use() == 0u);
  BOOST_TEST(root.snapshot().requested_bytes_in_use == 0u);
  BOOST_TEST(root.snapshot().denied == denied_inside);
  BOOST_TEST(leaf.snapshot().denied == 0u);
  root.charge(1000);
  root.uncharge(1000);
}
