// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE refusals

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/sanitizer.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::counting_resource;
using zpmr::memory_tracker;
using zpmr::memory_usage;

constexpr std::uint64_t million = 1'000'000;
constexpr std::size_t cap = std::size_t{1} << 20;

/// What must not move by refusals.
memory_usage without_denials(const memory_tracker& tracker) {
  memory_usage usage = tracker.snapshot();
  usage.denied = 0;
  return usage;
}

/// A tree with a cap at its root, all but a little of which is in use.
struct nearly_full {
  zpmr::hard_limit limit{cap};
  memory_tracker root{"root", &limit};
  memory_tracker middle{"middle", root};
  memory_tracker leaf{"leaf", middle};
  counting_resource<> memory{zpmr::default_allocator(), leaf};
  std::vector<void*> held;

  nearly_full() {
    while (root.remaining() > 2000) held.push_back(memory.allocate(1000));
  }
  ~nearly_full() {
    BOOST_TEST(root.bytes_in_use() == 0u);
    BOOST_TEST(root.snapshot().blocks_in_use() == 0u);
  }

  void release() {
    for (void* const block : held) memory.deallocate(block, 1000);
    held.clear();
  }

  /// Effects: checks that every byte of the cap can be had, and not one more.
  void check_full_cap() {
    BOOST_TEST(root.bytes_in_use() == 0u);
    leaf.charge(cap);
    BOOST_TEST(root.remaining() == 0u);
    BOOST_TEST(!leaf.try_charge(1));
    leaf.uncharge(cap);
  }
};

/// Returns: whether a block of 3000 bytes was refused.
bool is_refused(std::pmr::memory_resource& memory) {
  try {
    memory.deallocate(memory.allocate(3000), 3000);
  } catch (const zpmr::limit_exceeded&) {
    return true;
  }
  return false;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_million_lose_not_a_byte_and_move_no_figure_but_their_own, nearly_full) {
  // An exception costs much more under a sanitizer.
  constexpr std::uint64_t thrown = zpmr::test::malloc_is_replaced ? 100'000 : 500'000;
  const memory_usage at_root = without_denials(root);
  const memory_usage at_leaf = without_denials(leaf);
  std::uint64_t refused = 0;
  for (std::uint64_t i = 0; i < thrown; ++i) refused += is_refused(memory) ? 1 : 0;
  for (std::uint64_t i = thrown; i < million; ++i) refused += middle.try_charge(3000) ? 0 : 1;
  BOOST_TEST(refused == million);
  BOOST_TEST(root.snapshot().denied == million);
  BOOST_TEST(middle.snapshot().denied == million);
  BOOST_TEST(leaf.snapshot().denied == thrown);
  BOOST_TEST((without_denials(root) == at_root));
  BOOST_TEST((without_denials(leaf) == at_leaf));
  release();
  check_full_cap();
}

BOOST_FIXTURE_TEST_CASE(those_of_several_threads_are_each_counted_once, nearly_full) {
  constexpr std::uint64_t each = 25'000;
  const memory_usage at_root = without_denials(root);
  std::atomic<std::uint64_t> refused{0};
  zpmr::test::run_together(4, [&](unsigned) {
    for (std::uint64_t i = 0; i < each; ++i) {
      const bool by_exception = i % 8 == 0;
      if (by_exception ? is_refused(memory) : !leaf.try_charge(3000)) ++refused;
    }
  });
  BOOST_TEST(refused == 4 * each);
  BOOST_TEST(root.snapshot().denied == 4 * each);
  BOOST_TEST((without_denials(root) == at_root));
  release();
  check_full_cap();
}

BOOST_AUTO_TEST_CASE(each_is_right_while_threads_fight_for_the_last_bytes) {
  zpmr::hard_limit limit{cap};
  memory_tracker root{"root", &limit};
  memory_tracker leaf{"leaf", root};
  constexpr std::uint64_t each = 20'000;
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::size_t> sure{0};  // charged, and surely not freed yet
  std::atomic<bool> passed{false};
  zpmr::test::run_together(4, [&](unsigned thread) {
    for (std::uint64_t i = 0; i < each; ++i) {
      const std::size_t bytes = cap / 4 + (i * 7919 + thread) % (cap / 4);
      if (!leaf.try_charge(bytes)) {
        ++refused;
        continue;
      }
      if ((sure += bytes) > cap) passed = true;
      sure -= bytes;
      leaf.uncharge(bytes);
    }
  });
  BOOST_TEST(!passed);
  BOOST_TEST(root.snapshot().denied == refused);
  BOOST_TEST(leaf.snapshot().denied == refused);
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.peak_bytes() <= cap);
  leaf.charge(cap);
  leaf.uncharge(cap);
}
