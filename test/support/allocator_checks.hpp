// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/allocator_resource.hpp>

#include "support/death.hpp"
#include "support/threads.hpp"

/// \file
/// What the tests of the allocator resources have in common beyond the conformance suite: sizes,
/// figures, names.

namespace zpmr::test {

inline constexpr std::size_t mebibyte = std::size_t{1} << 20;

using block_size_function = std::size_t (*)(const void* block);

/// Effects: compares what the resource says of a request with what the allocator sets aside.
inline void check_usable_size(allocator_resource& resource, block_size_function block_size,
                              std::size_t bytes, std::size_t alignment) {
  void* block = resource.allocate(bytes, alignment);
  const std::size_t told = resource.usable_size(bytes, alignment);
  const std::size_t found = block_size(block);
  resource.deallocate(block, bytes, alignment);
  if (told != found) {  // counting a check for each of so many requests would take minutes
    BOOST_ERROR("bytes " << bytes << " alignment " << alignment << ": usable_size says " << told
                         << ", but the block has " << found);
  }
}

/// Effects: the same for every size past the end of any table at every alignment up to a page, and
/// for samples of what is beyond.
inline void check_usable_sizes(allocator_resource& resource, block_size_function block_size) {
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    for (std::size_t bytes = 0; bytes <= 20000; ++bytes) {
      check_usable_size(resource, block_size, bytes, alignment);
    }
  }
  for (std::size_t alignment = 1; alignment <= 4 * mebibyte; alignment *= 4) {
    for (std::size_t bytes = 1; bytes <= 64 * mebibyte; bytes += bytes / 5 + 1) {
      check_usable_size(resource, block_size, bytes, alignment);
    }
  }
}

/// Effects: looks sizes up on several threads at once. Only the first test of a program finds an
/// empty table.
inline void check_concurrent_first_look_ups(const allocator_resource& resource) {
  std::vector<std::vector<std::size_t>> told(4);
  run_together(4, [&](unsigned thread) {
    for (std::size_t bytes = 0; bytes < 10000; ++bytes) {
      told[thread].push_back(resource.usable_size(bytes, 8));
    }
  });
  BOOST_TEST((told[0] == told[1] && told[0] == told[2] && told[0] == told[3]));
}

/// Effects: checks that a request that cannot exist has no size.
inline void check_impossible_sizes(const allocator_resource& resource) {
  for (std::size_t alignment : {1U, 16U, 32U, 65536U}) {
    BOOST_TEST(resource.usable_size(PTRDIFF_MAX, alignment) == 0U);
    BOOST_TEST(resource.usable_size(SIZE_MAX, alignment) == 0U);
    BOOST_TEST(resource.usable_size(std::size_t{PTRDIFF_MAX} - alignment + 1, alignment) == 0U);
  }
}

/// Effects: checks that the name and a number with at least that many dots make the version, and
/// that it is the same text for ever.
inline void check_name_and_version(const allocator_resource& resource, std::string_view name,
                                   std::ptrdiff_t dots) {
  BOOST_TEST(resource.name() == name);
  std::vector<std::string_view> versions(4);
  run_together(4, [&](unsigned thread) { versions[thread] = resource.version(); });
  for (std::string_view version : versions) {
    BOOST_TEST(static_cast<const void*>(version.data()) ==
               static_cast<const void*>(resource.version().data()));
  }
  const std::string_view version = versions[0];
  BOOST_TEST_REQUIRE(version.starts_with(std::string(name) + '-'));
  const std::string_view number = version.substr(name.size() + 1);
  BOOST_TEST(number.find_first_not_of("0123456789.") == std::string_view::npos, version);
  BOOST_TEST(std::count(number.begin(), number.end(), '.') >= dots, version);
}

/// Blocks whose pages are all in use, freed at the end.
class touched_blocks {
 public:
  touched_blocks(allocator_resource& resource, std::size_t count, std::size_t bytes)
      : resource_(resource), bytes_(bytes) {
    for (std::size_t i = 0; i < count; ++i) {
      blocks_.push_back(resource.allocate(bytes));
      std::memset(blocks_.back(), 1, bytes);
    }
  }
  ~touched_blocks() {
    for (void* block : blocks_) {
      resource_.deallocate(block, bytes_);
    }
  }
  touched_blocks(const touched_blocks&) = delete;
  touched_blocks& operator=(const touched_blocks&) = delete;

 private:
  allocator_resource& resource_;
  std::size_t bytes_;
  std::vector<void*> blocks_;
};

/// Effects: checks every figure that blocks of 64 MiB in all must move, where it is known.
inline void check_figures_follow_blocks(allocator_resource& resource) {
  resource.release_free_memory();  // otherwise the blocks may be of pages that are there already
  const allocator_stats before = resource.stats();
  allocator_stats during;
  {
    const touched_blocks blocks(resource, 64, mebibyte);
    during = resource.stats();
  }
  const allocator_stats after = resource.stats();
  for (auto figure : {&allocator_stats::allocated, &allocator_stats::active,
                      &allocator_stats::mapped, &allocator_stats::resident}) {
    if (before.*figure) {
      BOOST_TEST(*(during.*figure) >= *(before.*figure) + 60 * mebibyte);
      BOOST_TEST(*(during.*figure) <= *(before.*figure) + 70 * mebibyte);
    }
  }
  BOOST_TEST(*after.allocated <= *before.allocated + mebibyte);
  BOOST_TEST(*during.allocated <= during.active.value_or(SIZE_MAX));
  BOOST_TEST(during.active.value_or(0) <= *during.mapped);
}

/// Effects: checks that free memory is given back, as release_free_memory says.
inline void check_release(allocator_resource& resource) {
  { const touched_blocks blocks(resource, 10000, 8000); }
  const allocator_stats before = resource.stats();
  BOOST_TEST(resource.release_free_memory());
  const allocator_stats after = resource.stats();
  if (before.resident) {
    BOOST_TEST(*after.resident < *before.resident);
  }
}

/// Effects: checks that wrong alignments are caught, in a checked build.
inline void check_alignment_is_checked(allocator_resource& resource) {
  const char* const fault = "zpmr: the alignment must be a power of two (";
  for (std::size_t alignment : {0U, 3U, 24U}) {
    BOOST_TEST(message_of_abort([&] { (void)resource.allocate(8, alignment); }).starts_with(fault));
    BOOST_TEST(
        message_of_abort([&] { (void)resource.usable_size(8, alignment); }).starts_with(fault));
  }
}

}  // namespace zpmr::test
