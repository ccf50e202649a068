// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE width

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <zpmr/detail/node.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/usage_scope.hpp>

#include "support/threads.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::memory_usage;

constexpr std::size_t tebibyte = std::size_t{1} << 40;
constexpr std::uint64_t two_to_the_32 = std::uint64_t{1} << 32;

/// Effects: adds to a node what so many blocks would.
void charge_many(zpmr::detail::node& node, std::uint64_t blocks) {
  const zpmr::detail::amount charged{0, 0, blocks};
  bool stored = false;
  if (node.charge_quickly(charged, stored)) return;
  zpmr::detail::charge_manner manner;
  if (node.charge_slowly(charged, stored, nullptr, manner)) std::abort();  // Boost takes one thread
}

void uncharge_many(zpmr::detail::node& node, std::uint64_t blocks) {
  const zpmr::detail::amount taken{0, 0, blocks};
  bool stored = false;
  if (!node.uncharge_quickly(taken, stored)) {
    static_cast<void>(node.uncharge_slowly(taken, stored));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(bytes_go_past_32_bits_in_every_figure) {
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  root.set_limit(100 * tebibyte);
  const zpmr::usage_scope scope{root};
  for (int i = 0; i < 100; ++i) leaf.charge_block(tebibyte, tebibyte - 1);
  BOOST_CHECK_THROW(leaf.charge(1), zpmr::limit_exceeded);
  BOOST_TEST(!leaf.try_charge(tebibyte));
  const memory_usage full = root.snapshot();
  BOOST_TEST(full.bytes_in_use == 100 * tebibyte);
  BOOST_TEST(full.requested_bytes_in_use == 100 * (tebibyte - 1));
  BOOST_TEST(root.remaining() == 0u);
  BOOST_TEST(scope.bytes() == static_cast<std::ptrdiff_t>(100 * tebibyte));
  for (int i = 0; i < 99; ++i) leaf.uncharge_block(tebibyte, tebibyte - 1);
  BOOST_TEST(leaf.bytes_in_use() == tebibyte);
  BOOST_TEST(root.remaining() == 99 * tebibyte);
  leaf.uncharge_block(tebibyte, tebibyte - 1);
  const memory_usage empty = root.snapshot();
  BOOST_TEST(empty.bytes_in_use == 0u);
  BOOST_TEST(empty.peak_bytes == 100 * tebibyte);
  BOOST_TEST(empty.total_bytes == 100 * tebibyte);
}

BOOST_AUTO_TEST_CASE(bytes_go_past_32_bits_with_several_threads_and_frees_elsewhere) {
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  root.set_limit(4000 * tebibyte);
  zpmr::test::run_together(4, [&](unsigned) {
    for (int i = 0; i < 1000; ++i) leaf.charge(tebibyte);
  });
  BOOST_TEST(root.bytes_in_use() == 4000 * tebibyte);
  zpmr::test::run_together(2, [&](unsigned) {
    for (int i = 0; i < 2000; ++i) leaf.uncharge(tebibyte);
  });
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.peak_bytes() == 4000 * tebibyte);
  BOOST_TEST(root.snapshot().total_bytes == 4000 * tebibyte);
}

// No machine makes so many calls in the time of a test: here one call counts for many.
BOOST_AUTO_TEST_CASE(counts_go_past_32_bits) {
  zpmr::detail::node root{nullptr, zpmr::no_limit};
  zpmr::detail::node leaf{&root, zpmr::no_limit};
  root.join();
  leaf.join();
  for (int i = 0; i < 5; ++i) charge_many(leaf, two_to_the_32 - 1);
  for (int i = 0; i < 3; ++i) uncharge_many(leaf, two_to_the_32 - 1);
  zpmr::test::run_together(2, [&](unsigned) { charge_many(leaf, two_to_the_32 - 1); });
  for (const memory_usage& usage : {leaf.usage(), root.usage()}) {
    BOOST_TEST(usage.allocations == 7 * (two_to_the_32 - 1));
    BOOST_TEST(usage.deallocations == 3 * (two_to_the_32 - 1));
    BOOST_TEST(usage.blocks_in_use() == 4 * (two_to_the_32 - 1));
  }
  leaf.leave();
  BOOST_TEST(root.usage().allocations == 7 * (two_to_the_32 - 1));  // what a child leaves behind
  root.leave();
}

BOOST_AUTO_TEST_CASE(large_figures_are_printed_in_full) {
  const memory_usage usage{.bytes_in_use = 100 * tebibyte, .allocations = 7 * two_to_the_32};
  std::ostringstream out;
  out << usage;
  BOOST_TEST(out.str().find("109951162777600 bytes in use") != std::string::npos);
  BOOST_TEST(out.str().find("30064771072 allocations") != std::string::npos);
}
