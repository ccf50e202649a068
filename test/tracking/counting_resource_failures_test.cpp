// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE counting_resource_failures
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <unordered_map>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"
#include "support/rounding_allocator.hpp"
#include "support/scripted_policy.hpp"

namespace {

using std::pmr::memory_resource;
using zpmr::counting_resource;
using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::probe_resource;
using zpmr::test::rounding_allocator;
using zpmr::test::scripted_policy;

/// The snapshot without what an undone allocation may leave.
memory_usage without_peak(memory_usage usage) {
  usage.peak_bytes = 0;
  return usage;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_impossible_size_is_a_plain_bad_alloc_before_anyone_is_asked) {
  constexpr std::size_t largest = PTRDIFF_MAX;
  scripted_policy policy{100, scripted_policy::always(zpmr::limit_action::grant)};
  probe_resource upstream;
  rounding_allocator allocator;
  unsigned asked = 0;
  upstream.before_allocation = [&] { ++asked; };
  memory_tracker tracker{"untouched", &policy};
  counting_resource over_other{&upstream, tracker};
  counting_resource over_allocator{&allocator, tracker};
  const auto check = [&](memory_resource& memory, std::size_t bytes, std::size_t alignment) {
    try {
      memory.deallocate(memory.allocate(bytes, alignment), bytes, alignment);
      BOOST_ERROR("no exception for " << bytes << " at " << alignment);
    } catch (const std::bad_alloc& error) {
      BOOST_TEST((typeid(error) == typeid(std::bad_alloc)));
    }
  };
  for (memory_resource* memory : {static_cast<memory_resource*>(&over_other),
                                  static_cast<memory_resource*>(&over_allocator)}) {
    for (const std::size_t bytes :
         {largest, largest + 1, SIZE_MAX - 4095, SIZE_MAX - 1, SIZE_MAX}) {
      for (const std::size_t alignment : {1, 8, 16, 4096, 1 << 21}) {
        check(*memory, bytes, alignment);
        const zpmr::overdraft_scope everything_passes;
        check(*memory, bytes, alignment);
      }
    }
    // The sum with the alignment is what cannot be.
    check(*memory, largest - 4095, 4096);
    check(*memory, largest / 2 + 2, std::size_t{1} << 62);
    check(*memory, 1, std::size_t{1} << 63);
  }
  BOOST_TEST(asked == 0u);
  BOOST_TEST(policy.questions == 0u);
  BOOST_TEST(policy.failures == 0u);
  BOOST_TEST(tracker.snapshot() == memory_usage{.limit = 100});
}

BOOST_AUTO_TEST_CASE(a_refused_block_asks_no_upstream) {
  hard_limit cap{100};
  probe_resource upstream;
  counting_resource memory{&upstream, "capped", &cap};
  BOOST_CHECK_THROW((void)memory.allocate(101), limit_exceeded);
  BOOST_TEST(upstream.allocations() == 0u);
  BOOST_TEST(memory.snapshot() == (memory_usage{.limit = 100, .denied = 1}));
}

BOOST_AUTO_TEST_CASE(a_limit_is_for_usable_bytes) {
  hard_limit cap{127};
  rounding_allocator allocator;
  counting_resource memory{&allocator, "capped", &cap};
  BOOST_CHECK_THROW((void)memory.allocate(65), limit_exceeded);
  memory.deallocate(memory.allocate(64), 64);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_throws_leaves_no_trace_but_the_peak) {
  probe_resource upstream;
  hard_limit cap{1000};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  counting_resource memory{&upstream, leaf};
  void* const block = memory.allocate(100);
  const memory_usage leaf_before = leaf.snapshot();
  const memory_usage root_before = root.snapshot();

  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  BOOST_CHECK_THROW((void)memory.allocate(50), std::bad_alloc);
  upstream.before_allocation = [] { throw std::runtime_error("not even a bad_alloc"); };
  BOOST_CHECK_THROW((void)memory.allocate(50), std::runtime_error);
  BOOST_TEST(without_peak(leaf.snapshot()) == without_peak(leaf_before));
  BOOST_TEST(without_peak(root.snapshot()) == without_peak(root_before));
  BOOST_TEST(leaf.peak_bytes() <= 150u);
  memory.deallocate(block, 100);
}

BOOST_AUTO_TEST_CASE(an_overdraft_whose_upstream_throws_is_none) {
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::bad_alloc{}; };
  scripted_policy policy{10, scripted_policy::always(zpmr::limit_action::grant)};
  counting_resource memory{&upstream, "generous", &policy};
  BOOST_CHECK_THROW((void)memory.allocate(50), std::bad_alloc);
  BOOST_TEST(without_peak(memory.snapshot()) == memory_usage{.limit = 10});
}

BOOST_AUTO_TEST_CASE(only_a_bad_alloc_of_the_upstream_asks_the_policy) {
  probe_resource upstream;
  upstream.before_allocation = [] { throw std::runtime_error("something else"); };
  scripted_policy policy{1000};
  counting_resource memory{&upstream, "memory", &policy};
  BOOST_CHECK_THROW((void)memory.allocate(50), std::runtime_error);
  BOOST_TEST(policy.failures == 0u);
}

BOOST_AUTO_TEST_CASE(whichever_allocation_fails_the_figures_are_right) {
  // The n-th allocation fails, for n = 1, 2, ... until a run completes.
  using index = std::pmr::unordered_map<std::pmr::string, std::pmr::vector<int>>;
  probe_resource upstream;
  counting_resource memory{&upstream, "failing"};
  bool completed = false;
  unsigned runs = 0;
  while (!completed) {
    unsigned left = runs++;
    upstream.before_allocation = [&] {
      if (left-- == 0) throw std::bad_alloc{};
    };
    try {
      index words{&memory};
      for (int i = 0; i < 20; ++i) {
        words[std::pmr::string(static_cast<std::size_t>(20 + i), 'w', &memory)].push_back(i);
        BOOST_REQUIRE(memory.bytes_in_use() == upstream.bytes());
      }
      completed = true;
    } catch (const std::bad_alloc&) {
    }
    BOOST_REQUIRE(memory.bytes_in_use() == 0u);
    BOOST_REQUIRE(upstream.bytes() == 0u);
    BOOST_REQUIRE(memory.snapshot().blocks_in_use() == 0u);
    BOOST_REQUIRE(memory.snapshot().allocations == upstream.allocations());
  }
  BOOST_TEST(runs > 60u);
}

BOOST_AUTO_TEST_CASE(it_charges_before_the_upstream_allocates_and_uncharges_after_it_has_freed) {
  class watching_resource final : public memory_resource {
   public:
    const memory_tracker* tracker = nullptr;
    std::vector<std::size_t> seen;

   private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
      seen.push_back(tracker->bytes_in_use());
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
      seen.push_back(tracker->bytes_in_use());
      std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  };
  watching_resource upstream;
  counting_resource memory{&upstream};
  upstream.tracker = &memory.tracker();
  memory.deallocate(memory.allocate(100), 100);
  BOOST_TEST((upstream.seen == std::vector<std::size_t>{100, 100}));
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_refusal_of_an_upstream_that_counts_too_is_not_out_of_memory) {
  hard_limit inner_cap{10};
  zpmr::test::scripted_policy outer_policy{10'000'000};
  outer_policy.when_out_of_memory = zpmr::test::scripted_policy::always(zpmr::limit_action::retry);
  counting_resource inner{std::pmr::new_delete_resource(), "inner", &inner_cap};
  counting_resource outer{&inner, "outer", &outer_policy};
  BOOST_CHECK_THROW((void)outer.allocate(11), zpmr::limit_exceeded);
  outer.deallocate(outer.allocate(10), 10);  // leaves a lease, so that the next takes the fast path
  BOOST_CHECK_THROW((void)outer.allocate(11), zpmr::limit_exceeded);
  BOOST_TEST(outer_policy.failures == 0u);
  BOOST_TEST(inner.snapshot().denied == 2u);
  BOOST_TEST(
      (without_peak(outer.snapshot()) ==
       memory_usage{.total_bytes = 10, .limit = 10'000'000, .allocations = 1, .deallocations = 1}));
}
