// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE diagnosis
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <vector>
#include <zpmr/config.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/fragmentation.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_resource.hpp>
#endif

namespace {

using zpmr::diagnose;
using zpmr::finding;
using zpmr::finding_kind;
using zpmr::heap_sample;
using zpmr::overhead;

using kinds = std::vector<finding_kind>;

constexpr std::size_t mebibyte = 1 << 20;

constexpr zpmr::allocator_stats allocator_of(std::size_t allocated,
                                             std::optional<std::size_t> active = {},
                                             std::optional<std::size_t> resident = {}) {
  zpmr::allocator_stats stats;
  stats.allocated = allocated;
  stats.active = active;
  stats.resident = resident;
  return stats;
}

constexpr heap_sample healthy{
    .bytes_in_use = 1000 * mebibyte,
    .peak_bytes = 1100 * mebibyte,
    .allocator = allocator_of(1010 * mebibyte, 1050 * mebibyte, 1080 * mebibyte),
    .process = {.resident = 1100 * mebibyte, .swapped = 0},
};

kinds kinds_in(const heap_sample& sample) {
  kinds all;
  for (const finding& each : diagnose(sample)) all.push_back(each.kind);
  return all;
}

void check(const heap_sample& sample, const kinds& expected) {
  BOOST_TEST((kinds_in(sample) == expected));
}

std::string text_of(const finding& finding) {
  std::ostringstream out;
  out << finding;
  return out.str();
}

/// `healthy`, with all above a level raised.
heap_sample raised(std::size_t allocated, std::size_t active, std::size_t resident,
                   std::size_t process) {
  heap_sample sample = healthy;
  *sample.allocator.allocated += allocated * mebibyte;
  *sample.allocator.active += active * mebibyte;
  *sample.allocator.resident += resident * mebibyte;
  *sample.process.resident += process * mebibyte;
  return sample;
}

/// A small heap of which one step is `bytes` above the other, and `below` is just large enough.
heap_sample kept(std::size_t below, std::size_t bytes) {
  return {.bytes_in_use = below,
          .allocator = allocator_of(below, below, below + bytes),
          .process = {.resident = below + bytes}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_healthy_heap_is_well) {
  check(healthy, {finding_kind::all_well});
}

BOOST_AUTO_TEST_CASE(each_step_has_a_diagnosis_of_its_own) {
  check(raised(200, 200, 200, 200), {finding_kind::uncounted});
  check(raised(0, 200, 200, 200), {finding_kind::inside_allocator});
  check(raised(0, 0, 200, 200), {finding_kind::kept_by_allocator});
  check(raised(0, 0, 0, 200), {finding_kind::outside_allocator});
}

BOOST_AUTO_TEST_CASE(several_steps_can_be_high) {
  check(raised(0, 200, 600, 2000), {finding_kind::inside_allocator, finding_kind::kept_by_allocator,
                                    finding_kind::outside_allocator});
}

BOOST_AUTO_TEST_CASE(a_finding_carries_the_figures_of_its_step) {
  const finding found = diagnose(raised(0, 0, 970, 970)).front();
  BOOST_TEST(found.figures->bytes == static_cast<std::ptrdiff_t>(1000 * mebibyte));
  BOOST_TEST(found.figures->ratio == 2050.0 / 1050, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(!diagnose(healthy).front().figures);
}

BOOST_AUTO_TEST_CASE(a_high_peak_is_told) {
  heap_sample sample = healthy;
  sample.peak_bytes = 1500 * mebibyte;
  check(sample, {finding_kind::all_well});
  ++*sample.peak_bytes;
  check(sample, {finding_kind::high_peak});
  BOOST_TEST(diagnose(sample).front().figures->bytes ==
             static_cast<std::ptrdiff_t>(500 * mebibyte + 1));
}

BOOST_AUTO_TEST_CASE(a_step_is_high_above_a_tenth_and_ten_mebibytes) {
  check(kept(1000 * mebibyte, 100 * mebibyte), {finding_kind::all_well});
  check(kept(1000 * mebibyte, 100 * mebibyte + 1024), {finding_kind::kept_by_allocator});
  check(kept(10 * mebibyte, 10 * mebibyte), {finding_kind::all_well});
  check(kept(10 * mebibyte, 10 * mebibyte + 1), {finding_kind::kept_by_allocator});
}

BOOST_AUTO_TEST_CASE(without_steps_a_high_total_remains_unexplained) {
  heap_sample sample{.bytes_in_use = 1000 * mebibyte, .process = {.resident = 1400 * mebibyte}};
  check(sample, {finding_kind::all_well});
  *sample.process.resident += mebibyte;
  check(sample, {finding_kind::unexplained});
  sample.peak_bytes = 2000 * mebibyte;
  check(sample, {finding_kind::high_peak, finding_kind::unexplained});
}

BOOST_AUTO_TEST_CASE(many_small_steps_that_make_up_a_high_total_are_told_with_the_largest) {
  heap_sample sample = healthy;
  sample.allocator = allocator_of(1095 * mebibyte, 1200 * mebibyte, 1315 * mebibyte);
  sample.process.resident = 1440 * mebibyte;
  check(sample, {finding_kind::unexplained, finding_kind::outside_allocator});
  sample.allocator = allocator_of(39 * mebibyte, 49 * mebibyte, 57 * mebibyte);
  sample.bytes_in_use = 30 * mebibyte;
  sample.peak_bytes = 30 * mebibyte;
  sample.process.resident = 66 * mebibyte;
  check(sample, {finding_kind::unexplained, finding_kind::inside_allocator});
  BOOST_TEST(diagnose(sample)[0].figures->bytes == static_cast<std::ptrdiff_t>(36 * mebibyte));
  BOOST_TEST(diagnose(sample)[1].figures->bytes == static_cast<std::ptrdiff_t>(10 * mebibyte));
}

BOOST_AUTO_TEST_CASE(a_sum_of_small_steps_has_another_text_than_steps_that_are_not_known) {
  heap_sample sample{.bytes_in_use = 30 * mebibyte,
                     .allocator = allocator_of(39 * mebibyte, 48 * mebibyte, 57 * mebibyte),
                     .process = {.resident = 66 * mebibyte}};
  const std::string sum(diagnose(sample).front().text);
  BOOST_TEST(sum.find("add up") != std::string::npos);
  sample.allocator.active.reset();
  check(sample, {finding_kind::unexplained});
  BOOST_TEST(diagnose(sample).front().text != sum);
}

BOOST_AUTO_TEST_CASE(in_a_nearly_empty_heap_nothing_is_compared_with_what_is_in_use) {
  heap_sample sample = kept(5 * mebibyte - 1, 0);
  sample.process.resident = 500 * mebibyte;
  check(sample, {finding_kind::nearly_empty});
  check({.bytes_in_use = 0}, {finding_kind::nearly_empty});
  sample.bytes_in_use = 5 * mebibyte;
  check(sample, {finding_kind::outside_allocator});
}

BOOST_AUTO_TEST_CASE(what_an_emptied_heap_leaves_behind_is_told_nevertheless) {
  heap_sample sample = kept(mebibyte, 500 * mebibyte);
  sample.peak_bytes = 700 * mebibyte;
  check(sample,
        {finding_kind::nearly_empty, finding_kind::high_peak, finding_kind::kept_by_allocator});
}

BOOST_AUTO_TEST_CASE(so_it_is_where_nothing_at_all_is_left_in_use) {
  heap_sample sample{.bytes_in_use = 0, .peak_bytes = 700 * mebibyte};
  check(sample, {finding_kind::nearly_empty, finding_kind::high_peak});
  sample.allocator = allocator_of(0, 0, 422 * mebibyte);
  sample.process.resident = 430 * mebibyte;
  check(sample,
        {finding_kind::nearly_empty, finding_kind::high_peak, finding_kind::kept_by_allocator});
  const finding kept = diagnose(sample).back();
  BOOST_TEST(kept.figures->bytes == static_cast<std::ptrdiff_t>(422 * mebibyte));
  BOOST_TEST(text_of(kept).starts_with("442499072 bytes more: The allocator keeps"));
  sample.allocator.active = 400 * mebibyte;  // of blocks in caches
  check(sample,
        {finding_kind::nearly_empty, finding_kind::high_peak, finding_kind::inside_allocator});
}

BOOST_AUTO_TEST_CASE(of_an_allocator_that_tells_no_step_what_is_left_is_unexplained) {
  for (const std::size_t in_use : {std::size_t{0}, std::size_t{1}, mebibyte}) {
    heap_sample sample{.bytes_in_use = in_use,
                       .allocator = allocator_of(in_use),
                       .process = {.resident = 422 * mebibyte}};
    check(sample, {finding_kind::nearly_empty, finding_kind::unexplained});
    sample.process.resident = in_use + 10 * mebibyte;
    check(sample, {finding_kind::nearly_empty});
  }
}

BOOST_AUTO_TEST_CASE(without_a_tracker_the_allocator_says_whether_the_heap_is_empty) {
  check({.allocator = allocator_of(mebibyte)}, {finding_kind::nearly_empty});
  check({.allocator = allocator_of(10 * mebibyte)}, {finding_kind::unknown});
}

BOOST_AUTO_TEST_CASE(a_process_that_is_partly_swapped_out_is_told) {
  heap_sample sample = healthy;
  sample.process.resident = 1000 * mebibyte;
  sample.process.swapped = 100 * mebibyte;
  check(sample, {finding_kind::all_well});
  sample.process.swapped = 101 * mebibyte;
  check(sample, {finding_kind::swapped_out});
  BOOST_TEST(diagnose(sample).front().figures->bytes ==
             static_cast<std::ptrdiff_t>(101 * mebibyte));
}

BOOST_AUTO_TEST_CASE(where_too_little_is_known_that_is_said) {
  check({}, {finding_kind::unknown});
  check({.bytes_in_use = 100 * mebibyte}, {finding_kind::unknown});
  check({.process = {.resident = 100 * mebibyte}}, {finding_kind::unknown});
}

BOOST_AUTO_TEST_CASE(every_finding_says_what_it_is_in_whole_sentences) {
  std::vector<finding> all;
  for (const heap_sample& sample :
       {heap_sample{}, heap_sample{.bytes_in_use = 0}, healthy, raised(900, 900, 900, 900),
        raised(0, 900, 900, 900), raised(0, 0, 900, 900), raised(0, 0, 0, 900),
        heap_sample{.bytes_in_use = 20 * mebibyte,
        .peak_bytes = 900 * mebibyte,
        .process = {.resident = 900 * mebibyte, .swapped = 900 * mebibyte}}}) {
    for (const finding& each : diagnose(sample)) all.push_back(each);
  }
  BOOST_TEST(all.size() == 10U);  // one of each kind
  std::vector<std::string> texts;
  for (const finding& each : all) {
    BOOST_TEST(each.text.ends_with('.'), each.text);
    BOOST_TEST(each.text.find('\n') == std::string_view::npos);
    texts.emplace_back(each.text);
  }
  std::ranges::sort(texts);
  BOOST_TEST((std::ranges::adjacent_find(texts) == texts.end()));
}

BOOST_AUTO_TEST_CASE(printing_shows_the_figures_before_the_text) {
  const finding found{finding_kind::all_well, "All is well.", overhead{1.5, 1048576}};
  BOOST_TEST(text_of(found) == "1.50 times, 1048576 bytes more: All is well.");
  BOOST_TEST(text_of({finding_kind::all_well, "All is well.", {}}) == "All is well.");
}

BOOST_AUTO_TEST_CASE(no_text_is_cut_in_printing) {
  for (const finding& each : diagnose(raised(900, 2900, 8900, 98900))) {
    BOOST_TEST(text_of(each).ends_with(each.text));
  }
}

BOOST_AUTO_TEST_CASE(width_and_fill_apply_to_the_whole_once) {
  const finding found = diagnose(healthy).front();
  const std::string plain = text_of(found);
  std::ostringstream out;
  out << std::setfill('.') << std::setw(static_cast<int>(plain.size()) + 3) << found << found;
  BOOST_TEST(out.str() == "..." + plain + plain);
}

#if ZPMR_WITH_JEMALLOC
BOOST_AUTO_TEST_CASE(a_heap_full_of_holes_is_found_fragmented_and_well_again_when_filled) {
  zpmr::counting_resource memory{zpmr::jemalloc(), "holes"};
  const auto found = [&] {
    return kinds_in(zpmr::sample_heap(*zpmr::jemalloc(), memory.tracker()));
  };
  std::vector<void*> blocks(400'000);
  for (void*& block : blocks) block = memory.allocate(160);
  BOOST_TEST(std::ranges::count(found(), finding_kind::inside_allocator) == 0);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 8 != 0) memory.deallocate(blocks[i], 160);
  }
  const kinds with_holes = found();
  BOOST_TEST(std::ranges::count(with_holes, finding_kind::inside_allocator) == 1);
  BOOST_TEST(std::ranges::count(with_holes, finding_kind::high_peak) == 1);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 8 != 0) blocks[i] = memory.allocate(160);
  }
  BOOST_TEST(std::ranges::count(found(), finding_kind::inside_allocator) == 0);
  for (void* block : blocks) memory.deallocate(block, 160);
}
#endif
