// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE counting_resource_charges
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <zpmr/counting_resource.hpp>
#include <zpmr/libc_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"
#include "support/rounding_allocator.hpp"

namespace {

using std::pmr::memory_resource;
using zpmr::counting_resource;
using zpmr::hard_limit;
using zpmr::limit_exceeded;
using zpmr::memory_usage;
using zpmr::test::probe_resource;
using zpmr::test::rounding_allocator;

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
