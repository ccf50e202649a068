// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE impossible_sizes

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <new>
#include <typeinfo>
#include <vector>
#include <zpmr/memory_reservation.hpp>
#include <zpmr/memory_tracker.hpp>

#include "support/sanitizer.hpp"
#include "support/stacks.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::memory_usage;

constexpr std::size_t count = 70'000;
// An exception costs much more under a sanitizer: there every 13th size.
constexpr std::size_t step = zpmr::test::malloc_is_replaced ? 13 : 1;

/// Returns: as `step`, but of stacks of several decorators always every 13th, as there are many.
constexpr std::size_t step_for(const zpmr::test::stack& stack) {
  return stack.decorators > 1 ? 13 : step;
}

/// Returns: whether a plain `std::bad_alloc` comes out of it.
template <class F>
bool is_refused(F deed) {
  try {
    deed();
  } catch (const std::bad_alloc& error) {
    return typeid(error) == typeid(std::bad_alloc);
  }
  return false;
}

std::vector<memory_usage> figures_of(const std::vector<const memory_tracker*>& trackers) {
  std::vector<memory_usage> figures;
  for (const memory_tracker* const each : trackers) figures.push_back(each->snapshot());
  return figures;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_stack_refuses_them_plain_and_aligned_and_no_figure_moves) {
  const zpmr::test::all_stacks stacks;
  for (const zpmr::test::stack& stack : stacks) {
    void* const held = stack.top->allocate(100);
    const auto before = figures_of(stack.trackers);
    for (std::size_t i = 0; i < count; i += step_for(stack)) {
      const std::size_t bytes = SIZE_MAX - i;
      const std::size_t alignment = std::size_t{1} << (5 + i % 16);
      if (is_refused([&] { static_cast<void>(stack.top->allocate(bytes)); }) &&
          is_refused([&] { static_cast<void>(stack.top->allocate(bytes, alignment)); })) {
        continue;
      }
      BOOST_ERROR(stack.name << " gave SIZE_MAX - " << i << " bytes, or threw something else");
    }
    BOOST_TEST((figures_of(stack.trackers) == before), stack.name);
    stack.top->deallocate(held, 100);
  }
}

BOOST_AUTO_TEST_CASE(no_tracker_takes_them_and_no_figure_moves) {
  memory_tracker root{"root"};
  memory_tracker leaf{"leaf", root};
  zpmr::memory_reservation held{leaf, 100};
  const auto before = figures_of({&root, &leaf});
  for (std::size_t i = 0; i < count; i += step) {
    const std::size_t bytes = SIZE_MAX - i;
    const bool refused = is_refused([&] { leaf.charge(bytes); }) &&
                         is_refused([&] { leaf.charge_block(bytes, 1); }) &&
                         is_refused([&] { held.resize(bytes); }) && !leaf.try_charge(bytes) &&
                         !zpmr::memory_reservation::try_reserve(leaf, bytes);
    if (!refused) BOOST_ERROR("SIZE_MAX - " << i << " bytes were charged");
  }
  BOOST_TEST(held.bytes() == 100u);
  BOOST_TEST((figures_of({&root, &leaf}) == before));
}
