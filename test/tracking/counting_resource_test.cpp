// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE counting_resource
#include <zpmr/counting_resource.hpp>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <list>
#include <memory>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>
#include <zpmr/libc_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"
#include "support/rounding_allocator.hpp"
#include "support/scripted_policy.hpp"

namespace {

using std::pmr::memory_resource;
using zpmr::counting_resource;
using zpmr::hard_limit;
using zpmr::libc_resource;
using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::test::probe_resource;
using zpmr::test::rounding_allocator;
using zpmr::test::scripted_policy;

// ---- What can be known when compiling.

template <class... Arguments>
using deduced = decltype(counting_resource{std::declval<Arguments>()...});

static_assert(std::is_same_v<deduced<libc_resource*>, counting_resource<libc_resource>>);
static_assert(
    std::is_same_v<deduced<libc_resource*, const char*>, counting_resource<libc_resource>>);
static_assert(std::is_same_v<deduced<libc_resource*, std::string_view, hard_limit*>,
                             counting_resource<libc_resource>>);
static_assert(
    std::is_same_v<deduced<libc_resource*, memory_tracker&>, counting_resource<libc_resource>>);
static_assert(std::is_same_v<deduced<memory_resource*>, counting_resource<>>);
static_assert(std::is_same_v<deduced<memory_resource*, memory_tracker&>, counting_resource<>>);
static_assert(std::is_same_v<counting_resource<>, counting_resource<memory_resource>>);
static_assert(std::is_same_v<deduced<counting_resource<libc_resource>*>,
                             counting_resource<counting_resource<libc_resource>>>);

static_assert(std::is_convertible_v<counting_resource<>*, memory_resource*>);
static_assert(
    std::is_convertible_v<counting_resource<libc_resource>*, std::pmr::polymorphic_allocator<int>>);
static_assert(!std::is_convertible_v<libc_resource*, counting_resource<libc_resource>>);
static_assert(std::is_constructible_v<counting_resource<>, libc_resource*>);
static_assert(std::is_final_v<counting_resource<libc_resource>>);
static_assert(!std::is_copy_assignable_v<counting_resource<>>);
static_assert(!std::is_move_constructible_v<counting_resource<>>);
static_assert(
    std::is_same_v<decltype(std::declval<counting_resource<libc_resource>&>().upstream_resource()),
                   libc_resource*>);

/// An upstream that tells a call through its static type from a virtual one.
class hiding_resource final : public memory_resource {
 public:
  unsigned direct_calls = 0;
  unsigned virtual_calls = 0;

  void* allocate(std::size_t bytes, std::size_t alignment) {
    ++direct_calls;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) {
    ++direct_calls;
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++virtual_calls;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    ++virtual_calls;
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

/// The snapshot without what an undone allocation may leave.
memory_usage without_peak(memory_usage usage) {
  usage.peak_bytes = 0;
  return usage;
}

}  // namespace

// ---- Making one.

BOOST_AUTO_TEST_CASE(it_charges_the_tracker_that_it_was_given) {
  memory_tracker tracker{"given"};
  probe_resource upstream;
  counting_resource memory{&upstream, tracker};
  BOOST_TEST(&memory.tracker() == &tracker);
  BOOST_TEST(memory.upstream_resource() == &upstream);
  void* const block = memory.allocate(100);
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  BOOST_TEST(memory.bytes_in_use() == 100u);
  memory.deallocate(block, 100);
  BOOST_TEST(memory.peak_bytes() == 100u);
  BOOST_TEST(memory.snapshot() == tracker.snapshot());
}

BOOST_AUTO_TEST_CASE(it_makes_a_root_tracker_of_its_own) {
  hard_limit cap{1000};
  probe_resource upstream;
  counting_resource memory{&upstream, "own", &cap};
  BOOST_TEST(memory.tracker().name() == "own");
  BOOST_TEST(memory.tracker().parent() == nullptr);
  BOOST_TEST(memory.tracker().limit() == 1000u);
  bool found = false;
  zpmr::for_each_tracker(
      [&](const memory_tracker& each) { found = found || &each == &memory.tracker(); });
  BOOST_TEST(found);

  const counting_resource nameless{&upstream};
  BOOST_TEST(nameless.tracker().name().empty());
  BOOST_TEST(nameless.tracker().limit() == zpmr::no_limit);
}

BOOST_AUTO_TEST_CASE(several_resources_may_share_a_tracker) {
  memory_tracker tracker{"shared"};
  probe_resource upstream;
  rounding_allocator allocator;
  counting_resource one{&upstream, tracker};
  counting_resource other{&allocator, tracker};
  void* const from_one = one.allocate(100);
  void* const from_other = other.allocate(100);
  BOOST_TEST(tracker.bytes_in_use() == 228u);
  BOOST_TEST(tracker.snapshot().requested_bytes_in_use == 200u);
  other.deallocate(from_other, 100);
  one.deallocate(from_one, 100);
  BOOST_TEST(tracker.bytes_in_use() == 0u);
}

// ---- What a block is charged with.

BOOST_AUTO_TEST_CASE(over_an_allocator_a_block_is_charged_with_its_usable_size) {
  rounding_allocator allocator;
  counting_resource by_static_type{&allocator};
  counting_resource erased{static_cast<memory_resource*>(&allocator)};
  counting_resource half_erased{static_cast<zpmr::allocator_resource*>(&allocator)};
  const auto check = [](auto& memory) {
    void* const block = memory.allocate(100);
    BOOST_TEST(memory.snapshot() == (memory_usage{.bytes_in_use = 128,
                                                  .requested_bytes_in_use = 100,
                                                  .peak_bytes = 128,
                                                  .total_bytes = 128,
                                                  .allocations = 1}));
    memory.deallocate(block, 100);
    BOOST_TEST(memory.snapshot() == (memory_usage{
                                        .peak_bytes = 128,
                                        .total_bytes = 128,
                                        .allocations = 1,
                                        .deallocations = 1,
                                    }));
  };
  check(by_static_type);
  check(erased);
  check(half_erased);
}

BOOST_AUTO_TEST_CASE(over_any_other_upstream_a_block_is_charged_with_what_was_requested) {
  probe_resource upstream;
  counting_resource by_static_type{&upstream};
  counting_resource<> erased{&upstream};
  counting_resource<> standard{std::pmr::new_delete_resource()};
  const auto check = [](auto& memory) {
    void* const block = memory.allocate(100, 32);
    BOOST_TEST(memory.bytes_in_use() == 100u);
    BOOST_TEST(memory.snapshot().requested_bytes_in_use == 100u);
    memory.deallocate(block, 100, 32);
    BOOST_TEST(memory.bytes_in_use() == 0u);
  };
  check(by_static_type);
  check(erased);
  check(standard);
}

BOOST_AUTO_TEST_CASE(over_libc_a_block_is_charged_as_zmalloc_charges_it) {
  counting_resource memory{zpmr::libc()};
  for (const std::size_t bytes : {1, 7, 8, 9, 100, 4096, 100'000}) {
    for (const std::size_t alignment : {1, 8, 16, 64, 4096}) {
      void* const block = memory.allocate(bytes, alignment);
      BOOST_TEST(memory.bytes_in_use() == zpmr::libc()->usable_size(bytes, alignment));
      BOOST_TEST(memory.bytes_in_use() > bytes);
      BOOST_TEST(memory.snapshot().requested_bytes_in_use == bytes);
      memory.deallocate(block, bytes, alignment);
      BOOST_TEST(memory.bytes_in_use() == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pool_on_an_allocator_is_no_allocator) {
  rounding_allocator allocator;
  std::pmr::unsynchronized_pool_resource pool{&allocator};
  counting_resource<> memory{&pool};
  void* const block = memory.allocate(100);
  BOOST_TEST(memory.bytes_in_use() == 100u);
  memory.deallocate(block, 100);
}

BOOST_AUTO_TEST_CASE(nested_counting_resources_each_count_for_themselves) {
  rounding_allocator allocator;
  counting_resource inner{&allocator, "inner"};
  counting_resource outer{&inner, "outer"};
  counting_resource<> erased{&inner, "erased"};
  void* const block = outer.allocate(100);
  BOOST_TEST(inner.bytes_in_use() == 128u);
  BOOST_TEST(outer.bytes_in_use() == 100u);  // inner is a decorator, not an allocator
  void* const other = erased.allocate(1);
  BOOST_TEST(erased.bytes_in_use() == 1u);
  BOOST_TEST(inner.bytes_in_use() == 192u);
  erased.deallocate(other, 1);
  outer.deallocate(block, 100);
  BOOST_TEST(inner.bytes_in_use() == 0u);
  BOOST_TEST(outer.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_nested_resource_that_is_refused_below_undoes_above) {
  hard_limit cap{100};
  probe_resource upstream;
  counting_resource inner{&upstream, "inner", &cap};
  counting_resource outer{&inner, "outer"};
  try {
    (void)outer.allocate(101);
    BOOST_ERROR("not refused");
  } catch (const limit_exceeded& refusal) {
    BOOST_TEST(refusal.tracker_name() == "inner");
  }
  BOOST_TEST(without_peak(outer.snapshot()) == memory_usage{});
  BOOST_TEST(upstream.allocations() == 0u);
}

BOOST_AUTO_TEST_CASE(a_concrete_upstream_is_called_directly) {
  hiding_resource upstream;
  counting_resource memory{&upstream};
  memory_resource& as_containers_see_it = memory;
  memory.deallocate(memory.allocate(100), 100);
  as_containers_see_it.deallocate(as_containers_see_it.allocate(100), 100);
  BOOST_TEST(upstream.direct_calls == 4u);
  BOOST_TEST(upstream.virtual_calls == 0u);

  counting_resource<> erased{&upstream};
  erased.deallocate(erased.allocate(100), 100);
  BOOST_TEST(upstream.virtual_calls == 2u);
}

// ---- Requests.

BOOST_AUTO_TEST_CASE(zero_bytes_give_distinct_blocks_that_can_be_freed) {
  hard_limit nothing{0};
  counting_resource<> plain{std::pmr::new_delete_resource(), "plain", &nothing};
  counting_resource over_libc{zpmr::libc(), "libc"};
  const auto check = [](auto& memory) {
    void* const one = memory.allocate(0);
    void* const other = memory.allocate(0);
    BOOST_TEST(one != nullptr);
    BOOST_TEST(one != other);
    BOOST_TEST(memory.snapshot().blocks_in_use() == 2u);
    BOOST_TEST(memory.snapshot().requested_bytes_in_use == 0u);
    memory.deallocate(one, 0);
    memory.deallocate(other, 0);
    BOOST_TEST(memory.bytes_in_use() == 0u);
    BOOST_TEST(memory.snapshot().blocks_in_use() == 0u);
  };
  check(plain);
  check(over_libc);
}

BOOST_AUTO_TEST_CASE(every_alignment_is_passed_on) {
  counting_resource<> memory{std::pmr::new_delete_resource()};
  for (std::size_t alignment = 1; alignment <= 1u << 20; alignment *= 2) {
    void* const block = memory.allocate(100, alignment);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % alignment == 0u);
    std::memset(block, 1, 100);
    memory.deallocate(block, 100, alignment);
  }
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

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

// ---- Limits and failures.

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

// ---- Equality and containers.

BOOST_AUTO_TEST_CASE(equality_is_identity) {
  memory_tracker tracker{"shared"};
  counting_resource one{zpmr::libc(), tracker};
  counting_resource other{zpmr::libc(), tracker};
  BOOST_TEST(one.is_equal(one));
  BOOST_TEST(!one.is_equal(other));
  BOOST_TEST(!one.is_equal(*zpmr::libc()));
  BOOST_TEST((static_cast<memory_resource&>(one) == static_cast<memory_resource&>(one)));
  BOOST_TEST((static_cast<memory_resource&>(one) != static_cast<memory_resource&>(other)));
}

BOOST_AUTO_TEST_CASE(containers_of_two_resources_keep_their_buffers_when_assigned_or_spliced) {
  probe_resource upstream;
  counting_resource one{&upstream, "one"};
  counting_resource other{&upstream, "other"};
  {
    std::pmr::vector<char> a(1000, 'a', &one);
    std::pmr::vector<char> b(10, 'b', &other);
    b = std::move(a);  // copies, as the resources differ
    BOOST_TEST(other.bytes_in_use() >= 1000u);
    BOOST_TEST(b.get_allocator().resource() == &other);
    std::pmr::vector<char> c(&one);
    c = std::move(b);
    std::swap(a, c);  // of one resource: buffers change hands, figures stay
    BOOST_TEST(one.bytes_in_use() + other.bytes_in_use() == upstream.bytes());
  }
  BOOST_TEST(one.bytes_in_use() == 0u);
  BOOST_TEST(other.bytes_in_use() == 0u);
  BOOST_TEST(one.snapshot().blocks_in_use() == 0u);
  BOOST_TEST(other.snapshot().blocks_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_map_holds_is_what_its_upstream_has_given) {
  probe_resource upstream;
  counting_resource memory{&upstream, "map"};
  {
    std::pmr::unordered_map<std::pmr::string, std::pmr::string> table{&memory};
    for (int i = 0; i < 1000; ++i) {
      table.emplace(std::to_string(i) + " is a key that is too long for a short string",
                    std::string(static_cast<std::size_t>(i), 'v'));
      BOOST_REQUIRE(memory.bytes_in_use() == upstream.bytes());
    }
    BOOST_TEST(memory.peak_bytes() == upstream.most_bytes());
    BOOST_TEST(memory.snapshot().allocations == upstream.allocations());
  }
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
