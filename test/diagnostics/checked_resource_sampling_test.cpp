// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_sampling

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <vector>
#include <zpmr/checked_resource.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/misuses.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::checked_resource;
using zpmr::misuse_kind;
using zpmr::test::write_byte;

/// Notes what it is asked for.
struct noting_upstream final : std::pmr::memory_resource {
  std::size_t samples = 0;
  std::size_t others = 0;
  std::size_t last_bytes = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++(alignment >= 4096 ? samples : others);
    last_bytes = bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

/// Always gives the same memory.
struct one_place_upstream final : std::pmr::memory_resource {
  std::size_t offset = 0;  ///< of what it gives
  bool refuses_samples = false;
  void* freed = nullptr;

 private:
  void* do_allocate(std::size_t, std::size_t alignment) override {
    if (refuses_samples && alignment >= 4096) throw std::bad_alloc{};
    return place_ + offset;
  }
  void do_deallocate(void* block, std::size_t, std::size_t) override { freed = block; }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  alignas(4096) std::byte place_[16384];
};

struct fixture {
  noting_upstream upstream;
  zpmr::test::noting_handler handler;
};

/// Blocks that are a thousand times as large as the interval are all samples.
constexpr zpmr::checked_options surely(zpmr::misuse_handler& handler) {
  return {.quarantine_bytes = 100000, .sample_interval = 1, .handler = &handler};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sampling, fixture)

BOOST_AUTO_TEST_CASE(blocks_are_picked_as_often_as_their_bytes_say) {
  constexpr std::size_t interval = 6400;
  checked_resource memory{&upstream, "memory", {.sample_interval = interval, .handler = &handler}};
  for (const std::size_t bytes : {16U, 64U, 6400U, 20000U}) {
    upstream.samples = upstream.others = 0;
    const double chance = 1 - std::exp(-static_cast<double>(bytes) / interval);
    const auto count = static_cast<int>(2000 / chance);
    for (int i = 0; i < count; ++i) memory.deallocate(memory.allocate(bytes, 8), bytes, 8);
    BOOST_TEST(upstream.samples + upstream.others == static_cast<std::size_t>(count));
    // Ten times the deviation that a fair choice has.
    BOOST_TEST(std::abs(static_cast<double>(upstream.samples) - 2000) < 450, bytes);
  }
  BOOST_TEST(handler.faults.empty());
}

BOOST_AUTO_TEST_CASE(resources_with_other_intervals_do_not_disturb_each_other) {
  checked_resource memory{&upstream, "memory", {.sample_interval = 6400, .handler = &handler}};
  noting_upstream another;
  checked_resource often{&another, "often", {.sample_interval = 100, .handler = &handler}};
  for (int i = 0; i < 200000; ++i) {
    memory.deallocate(memory.allocate(64), 64);
    if (i % 10 == 0) often.deallocate(often.allocate(64), 64);
  }
  BOOST_TEST(std::abs(static_cast<double>(upstream.samples) - 200000 * (1 - std::exp(-0.01))) <
             450);
  BOOST_TEST(std::abs(static_cast<double>(another.samples) - 20000 * (1 - std::exp(-0.64))) < 700);
}

BOOST_AUTO_TEST_CASE(blocks_of_zero_bytes_are_picked_as_those_of_one) {
  checked_resource memory{&upstream, "memory", {.sample_interval = 10, .handler = &handler}};
  for (int i = 0; i < 20000; ++i) memory.deallocate(memory.allocate(0), 0);
  BOOST_TEST(std::abs(static_cast<double>(upstream.samples) - 20000 * (1 - std::exp(-0.1))) < 450);
}

BOOST_AUTO_TEST_CASE(a_block_that_was_not_picked_is_the_upstream_s_own) {
  checked_resource memory{
      &upstream, "memory", {.sample_interval = std::size_t{1} << 60, .handler = &handler}};
  for (const std::size_t bytes : {0U, 1U, 100U, 100000U}) {
    void* const block = memory.allocate(bytes, 8);
    BOOST_TEST(upstream.last_bytes == bytes);
    memory.deallocate(block, bytes, 8);
    void* const of_a_page = memory.allocate(bytes, 8192);  // where samples might lie
    memory.deallocate(of_a_page, bytes, 8192);
  }
  BOOST_TEST(memory.leaks().empty());
  BOOST_TEST(handler.faults.empty());
}

BOOST_AUTO_TEST_CASE(of_a_sample_everything_is_found) {
  checked_resource memory{&upstream, "memory", surely(handler)};
  const auto expect = [&](misuse_kind kind) {
    BOOST_REQUIRE_EQUAL(handler.faults.size(), 1U);
    BOOST_CHECK(handler.faults[0].kind == kind);
    handler.faults.clear();
  };
  void* const block = memory.allocate(1000, 8);
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % 4096 == 0U);
  BOOST_TEST(memory.leaks().size() == 1U);
  memory.deallocate(block, 1001, 8);
  expect(misuse_kind::mismatched_free);
  memory.deallocate(block, 1000, 8);
  expect(misuse_kind::freed_twice);
  write_byte(block, 500);
  BOOST_TEST(memory.verify() == 1U);
  expect(misuse_kind::written_after_free);
  void* const other = memory.allocate(1000, 8);
  write_byte(other, 1000);
  memory.deallocate(other, 1000, 8);
  expect(misuse_kind::written_past_end);
  void* const third = memory.allocate(1000, 8);
  write_byte(third, -1);
  memory.deallocate(third, 1000, 8);
  expect(misuse_kind::written_before_start);
}

BOOST_AUTO_TEST_CASE(what_has_left_the_quarantine_is_forgotten) {
  one_place_upstream place;
  checked_resource memory{&place, "memory", {.sample_interval = 1, .handler = &handler}};
  void* const sample = memory.allocate(1000, 8);
  memory.deallocate(sample, 1000, 8);
  BOOST_TEST(place.freed != sample);
  // Now another block may lie there, one that was not picked.
  memory.deallocate(sample, 1000, 8);
  BOOST_TEST(place.freed == sample);
  BOOST_TEST(handler.faults.empty());
}

BOOST_AUTO_TEST_CASE(a_sample_is_forgotten_where_an_emptied_upstream_gives_its_place_again) {
  for (const bool refuses : {true, false}) {
    for (const bool freed : {false, true}) {
      one_place_upstream place;
      checked_resource memory{
          &place,
          "memory",
          {.quarantine_bytes = 100000, .sample_interval = 100, .handler = &handler}};
      void* const sample = memory.allocate(3000, 8);
      if (freed) memory.deallocate(sample, 3000, 8);
      // The upstream is emptied; a block lies there that is refused, or too small to be picked.
      place.offset = 4096;
      place.refuses_samples = refuses;
      void* other = memory.allocate(1, 8);
      while (other != sample) {
        memory.deallocate(other, 1, 8);
        other = memory.allocate(1, 8);
      }
      memory.deallocate(other, 1, 8);
      BOOST_TEST(place.freed == other);
      BOOST_TEST(memory.leaks().empty());
      BOOST_TEST(handler.faults.empty());
    }
  }
  BOOST_TEST(handler.leaks.empty());
}

BOOST_AUTO_TEST_CASE(a_sample_never_costs_a_refusal) {
  zpmr::hard_limit cap{1000};
  zpmr::counting_resource capped{&upstream, "capped", &cap};
  checked_resource memory{&capped, "memory", surely(handler)};
  void* const block = memory.allocate(1000, 8);
  BOOST_TEST(capped.bytes_in_use() == 1000U);
  BOOST_CHECK_THROW((void)memory.allocate(1000, 8), zpmr::limit_exceeded);
  memory.deallocate(block, 1000, 8);
  BOOST_TEST(capped.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(each_thread_picks_for_itself) {
  checked_resource memory{
      std::pmr::new_delete_resource(), "memory", {.sample_interval = 640, .handler = &handler}};
  std::vector<std::vector<void*>> blocks(8);
  zpmr::test::run_together(8, [&](unsigned i) {
    for (int n = 0; n < 2000; ++n) blocks[i].push_back(memory.allocate(64));
  });
  std::uint64_t samples = 0;
  for (const zpmr::leak& each : memory.leaks()) samples += each.blocks;
  BOOST_TEST(std::abs(static_cast<double>(samples) - 16000 * (1 - std::exp(-0.1))) < 400);
  zpmr::test::run_together(8, [&](unsigned i) {
    for (void* const block : blocks[(i + 1) % 8]) memory.deallocate(block, 64);
  });
  BOOST_TEST(memory.leaks().empty());
  BOOST_TEST(handler.faults.empty());
}

BOOST_AUTO_TEST_SUITE_END()
