// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE report_hardening

#include <array>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <zpmr/default_allocator.hpp>
#include <zpmr/format.hpp>
#include <zpmr/fragmentation.hpp>
#include <zpmr/json.hpp>
#include <zpmr/memory_budget.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/process_memory.hpp>
#include <zpmr/tree_report.hpp>
#include <zpmr/tree_snapshot.hpp>
#include <zpmr/usage_sampler.hpp>

#include "support/failing_new.hpp"
#include "support/sanitizer.hpp"

namespace {

using zpmr::memory_tracker;
using zpmr::test::check_takes_nothing;
using zpmr::test::fail_each_new;

/// A stream that needs no memory, and lets exceptions pass.
class fixed_stream : std::streambuf, public std::ostream {
 public:
  fixed_stream() : std::ostream(static_cast<std::streambuf*>(this)) {
    setp(storage_.data(), storage_.data() + storage_.size());
    exceptions(badbit);
  }
  std::string_view written() const { return {pbase(), static_cast<std::size_t>(pptr() - pbase())}; }

 private:
  std::array<char, 65536> storage_;
};

/// A small tree, with something to say of each tracker.
struct trackers {
  zpmr::hard_limit cap{1'000'000};
  memory_tracker root{"the root of a tree, with a long name", &cap};
  memory_tracker child{"a \xff child of it, also with a long name", root};
  memory_tracker grandchild{"grandchild", child, &cap};
  memory_tracker other{"another root"};

  trackers() { grandchild.charge(5000); }
  ~trackers() { grandchild.uncharge(5000); }

  template <class F>
  std::uint64_t survive(F block) {
    return fail_each_new({&root, &child, &grandchild, &other}, block);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_snapshot_of_all_trackers, trackers) {
  std::size_t wrong = 0;
  BOOST_TEST(survive([&] {
               const zpmr::tree_snapshot tree;
               wrong += tree.records().size() != 4;
             }) == 4u);
  BOOST_TEST(wrong == 0u);
  memory_tracker after{"can still be made", root};  // no lock is held
}

BOOST_FIXTURE_TEST_CASE(a_tree_is_printed_whole_or_not_at_all, trackers) {
  std::size_t wrong = 0;
  fixed_stream expected;
  zpmr::print_tree(expected);
  BOOST_TEST(survive([&] {
               fixed_stream out;
               try {
                 zpmr::print_tree(out);
                 wrong += out.written() != expected.written();
               } catch (const std::bad_alloc&) {
                 wrong += !out.written().empty();
                 throw;
               }
             }) > 20u);
  BOOST_TEST(wrong == 0u);
}

BOOST_FIXTURE_TEST_CASE(figures_are_printed_with_no_memory, trackers) {
  const zpmr::heap_sample sample = sample_heap(*zpmr::default_allocator(), root);
  const zpmr::finding finding{.kind = zpmr::finding_kind::all_well,
                              .text = "All is well, and this text is long enough.",
                              .figures = zpmr::overhead{1.5, 1000}};
  fixed_stream out;
  check_takes_nothing([&] {
    out << root.snapshot() << sample.allocator << sample.process << finding;
    out.clear();
  });
  BOOST_TEST(!out.written().empty());
}

BOOST_FIXTURE_TEST_CASE(a_diagnosis, trackers) {
  zpmr::heap_sample sample{.bytes_in_use = 100u << 20, .peak_bytes = 900u << 20};
  sample.allocator.allocated = 200u << 20;
  sample.allocator.active = 400u << 20;
  sample.allocator.resident = 800u << 20;
  sample.process.resident = 1600u << 20;
  sample.process.swapped = 900u << 20;
  BOOST_TEST(survive([&] { static_cast<void>(zpmr::diagnose(sample)); }) >= 6u);
  check_takes_nothing([&] {
    static_cast<void>(sample_heap(*zpmr::default_allocator(), root));
    static_cast<void>(fragmentation_of(sample));
  });
}

// Only what makes the JSON: the destructor of nlohmann's arrays and objects needs memory itself,
// and ends the program where there is none. So no partly made one may be destroyed while that
// lasts.
BOOST_FIXTURE_TEST_CASE(figures_as_json, trackers) {
  if (zpmr::test::address_sanitizer) return;  // it finds what nlohmann's library loses then
  for (std::uint64_t nth = 1;; ++nth) {
    std::optional<nlohmann::json> json;
    zpmr::test::new_failures.set({.nth = nth});
    try {
      json.emplace(root.snapshot());
    } catch (const std::bad_alloc&) {
    }
    const bool failed = zpmr::test::new_failures.failures() > 0;
    zpmr::test::new_failures.set({});
    BOOST_TEST(json.has_value() == !failed);
    if (!failed) break;
    BOOST_TEST_REQUIRE(nth < 1000u);
  }
}

BOOST_AUTO_TEST_CASE(the_memory_of_the_process_is_told_with_no_memory) {
  check_takes_nothing([] {
    const zpmr::process_memory memory = zpmr::sample_process_memory();
    static_cast<void>(zpmr::smaps_field("Private_Dirty"));
    static_cast<void>(zpmr::memory_budget(0.5, memory));
  });
}

BOOST_FIXTURE_TEST_CASE(a_sampler_is_made_whole_or_not_at_all_and_can_be_read, trackers) {
  zpmr::usage_sampler_options options;
  options.interval = std::chrono::milliseconds{1};
  options.capacity = 100;
  BOOST_TEST(survive([&] {
               zpmr::usage_sampler sampler{root, *zpmr::default_allocator(), options};
               root.charge(10);
               root.uncharge(10);
               sampler.stop();
               static_cast<void>(sampler.dropped());
             }) >= 6u);
}

BOOST_FIXTURE_TEST_CASE(the_samples_are_read_or_written_whole_or_not_at_all, trackers) {
  zpmr::usage_sampler sampler{child, *zpmr::default_allocator(), {}};
  sampler.stop();
  fixed_stream expected;
  sampler.write_csv(expected);
  std::size_t wrong = 0;
  BOOST_TEST(survive([&] {
               wrong += sampler.samples().size() != 2;
               fixed_stream out;
               try {
                 sampler.write_csv(out);
                 wrong += out.written() != expected.written();
               } catch (const std::bad_alloc&) {
                 wrong += !out.written().empty();
                 throw;
               }
             }) > 6u);
  BOOST_TEST(wrong == 0u);
}

BOOST_AUTO_TEST_CASE(bad_options_are_refused_even_with_no_memory_for_the_words) {
  memory_tracker tracker{"tracker"};
  BOOST_TEST(
      fail_each_new({&tracker}, [&] {
        try {
          const zpmr::usage_sampler sampler{tracker, *zpmr::default_allocator(), {.capacity = 0}};
        } catch (const std::invalid_argument&) {
        }
      }) > 0u);
}
