// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE fragmentation
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <optional>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/fragmentation.hpp>

namespace {

using zpmr::fragmentation;
using zpmr::fragmentation_of;
using zpmr::heap_sample;
using zpmr::overhead;

constexpr zpmr::allocator_stats allocator_of(std::size_t allocated, std::size_t active,
                                             std::size_t resident) {
  zpmr::allocator_stats stats;
  stats.allocated = allocated;
  stats.active = active;
  stats.resident = resident;
  return stats;
}

constexpr heap_sample sample{
    .bytes_in_use = 1000,
    .peak_bytes = 1200,
    .allocator = allocator_of(1250, 2000, 2500),
    .process = {.resident = 5000},
};

constexpr auto steps = {&fragmentation::uncounted, &fragmentation::inside_allocator,
                        &fragmentation::kept_by_allocator, &fragmentation::outside_allocator};

}  // namespace

BOOST_AUTO_TEST_CASE(each_step_is_a_ratio_and_a_number_of_bytes) {
  BOOST_TEST((fragmentation_of(sample) == fragmentation{.total = overhead{5, 4000},
                                                        .uncounted = overhead{1.25, 250},
                                                        .inside_allocator = overhead{1.6, 750},
                                                        .kept_by_allocator = overhead{1.25, 500},
                                                        .outside_allocator = overhead{2, 2500}}));
}

BOOST_AUTO_TEST_CASE(the_steps_make_up_the_total) {
  const fragmentation found = fragmentation_of(sample);
  overhead all;
  for (auto step : steps) {
    all.ratio *= (found.*step)->ratio;
    all.bytes += (found.*step)->bytes;
  }
  BOOST_TEST(all.ratio == found.total->ratio, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(all.bytes == found.total->bytes);
}

BOOST_AUTO_TEST_CASE(less_above_than_below_is_a_negative_number_of_bytes) {
  heap_sample swapped = sample;
  swapped.process.resident = 500;
  BOOST_TEST((fragmentation_of(swapped).total == overhead{0.5, -500}));
}

BOOST_AUTO_TEST_CASE(a_step_is_empty_where_a_figure_is_missing) {
  BOOST_TEST((fragmentation_of({}) == fragmentation{}));
  heap_sample part = sample;
  part.allocator.active.reset();
  const fragmentation found = fragmentation_of(part);
  BOOST_TEST((found.total && found.uncounted && found.outside_allocator));
  BOOST_TEST((!found.inside_allocator && !found.kept_by_allocator));
  part.process.resident.reset();
  BOOST_TEST((!fragmentation_of(part).total && !fragmentation_of(part).outside_allocator));
}

BOOST_AUTO_TEST_CASE(nothing_is_divided_by_zero) {
  heap_sample empty = sample;
  empty.bytes_in_use = 0;
  empty.allocator = allocator_of(0, 0, 0);
  BOOST_TEST((fragmentation_of(empty) == fragmentation{}));
}

BOOST_AUTO_TEST_CASE(a_sample_has_the_figures_of_all_three) {
  zpmr::counting_resource memory{zpmr::default_allocator(), "sampled"};
  { const std::pmr::vector<char> once(20000, &memory); }
  const std::pmr::vector<char> now(10000, &memory);
  const heap_sample taken = zpmr::sample_heap(*zpmr::default_allocator(), memory.tracker());
  BOOST_TEST((taken.bytes_in_use == memory.bytes_in_use()));
  BOOST_TEST((taken.peak_bytes == memory.peak_bytes()));
  BOOST_TEST(taken.allocator.allocated.has_value() ==
             zpmr::default_allocator()->stats().allocated.has_value());
  BOOST_TEST(taken.process.resident.has_value());
}
