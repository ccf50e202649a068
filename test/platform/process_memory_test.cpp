// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE process_memory
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <optional>
#include <zpmr/process_memory.hpp>

#include "support/child_process.hpp"
#include "support/sanitizer.hpp"

namespace {

using zpmr::process_memory;
using zpmr::sample_process_memory;
using zpmr::smaps_field;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Memory from the system, in pages that are all in use.
class touched_pages {
 public:
  explicit touched_pages(std::size_t bytes)
      : bytes_(bytes),
        start_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    BOOST_REQUIRE(start_ != MAP_FAILED);
    std::memset(start_, 1, bytes);
  }
  ~touched_pages() { ::munmap(start_, bytes_); }
  touched_pages(const touched_pages&) = delete;
  touched_pages& operator=(const touched_pages&) = delete;

 private:
  std::size_t bytes_;
  void* start_;
};

/// Effects: checks that a figure has grown by 64 MiB, where it is known. The thread sanitizer keeps
/// notes of what is written, in pages of its own.
void check_growth(std::optional<std::size_t> before, std::optional<std::size_t> after) {
  if (!before) return;
  BOOST_TEST(after.value() >= *before + 60 * mebibyte);
  if (!zpmr::test::thread_sanitizer) BOOST_TEST(*after <= *before + 68 * mebibyte);
}

/// Effects: sets the limit, as far as that is allowed. Returns: the limit now in force.
rlim_t lower(int resource, rlim_t bytes) {
  rlimit limit;
  ::getrlimit(resource, &limit);
  limit.rlim_cur = std::min({limit.rlim_cur, limit.rlim_max, bytes});
  ::setrlimit(resource, &limit);
  return limit.rlim_cur;
}

boost::test_tools::assertion_result has_smaps(boost::unit_test::test_unit_id) {
  return smaps_field("Rss").has_value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_machine_is_known) {
  const process_memory memory = sample_process_memory();
  BOOST_TEST((memory.page_size == static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))));
  BOOST_REQUIRE(memory.physical && memory.resident);
  BOOST_TEST(*memory.physical > *memory.resident);
}

BOOST_AUTO_TEST_CASE(resident_is_what_the_page_tables_say,
                     *boost::unit_test::precondition(has_smaps)) {
  const std::size_t before = smaps_field("Rss").value();
  const std::size_t sampled = sample_process_memory().resident.value();
  const std::size_t after = smaps_field("Rss").value();
  BOOST_TEST(sampled + mebibyte >= before);
  BOOST_TEST(sampled <= after + mebibyte);
}

BOOST_AUTO_TEST_CASE(the_figures_follow_the_pages) {
  const process_memory before = sample_process_memory();
  process_memory during;
  {
    const touched_pages pages(64 * mebibyte);
    during = sample_process_memory();
  }
  const process_memory after = sample_process_memory();
  check_growth(before.resident, during.resident);
  check_growth(before.private_dirty, during.private_dirty);
  BOOST_TEST(*after.resident <= *before.resident + 4 * mebibyte);
  BOOST_TEST(*after.peak_resident >= *before.resident + 60 * mebibyte);
}

BOOST_AUTO_TEST_CASE(a_part_is_not_above_its_whole) {
  const process_memory memory = sample_process_memory();
  BOOST_TEST(*memory.resident <= *memory.peak_resident);
  BOOST_TEST(memory.private_dirty.value_or(0) <= *memory.resident);
  BOOST_TEST(memory.anonymous_huge_pages.value_or(0) <= *memory.resident);
}

BOOST_AUTO_TEST_CASE(an_unknown_field_is_empty) {
  BOOST_TEST(!smaps_field("No_Such_Field"));
  BOOST_TEST(!smaps_field(""));
}

BOOST_AUTO_TEST_CASE(the_least_limit_on_the_process_is_told,
                     *boost::unit_test::enable_if<!zpmr::test::malloc_is_replaced>()) {
  // In a child, as the limits are then in force.
  BOOST_TEST(zpmr::test::holds_in_child([] {
    const rlim_t space = lower(RLIMIT_AS, rlim_t{1} << 45);
    const bool first = sample_process_memory().process_limit.value() <= space;
    const rlim_t data = lower(RLIMIT_DATA, rlim_t{1} << 44);
    return first && sample_process_memory().process_limit == std::min(space, data);
  }));
}
