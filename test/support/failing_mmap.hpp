// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <zpmr/failure_schedule.hpp>

#include "support/child_process.hpp"

/// \file
/// Replaces `mmap` by one that fails when the test says so, for what takes its memory straight from
/// the system. For one source file of a program.

namespace zpmr::test {

inline constinit failure_schedule mmap_failures;

/// Effects: runs `block` with its first mapping failing, then with its second, and so on, as
/// `fail_each_allocation` does, but each time in a child process: for what keeps what it has
/// mapped, and would not ask again. Checks that the block lets nothing out but `std::bad_alloc`.
/// Returns: how many children had a mapping fail.
template <class F>
std::uint64_t fail_each_mapping(F block) {
  std::uint64_t failed = 0;
  for (failure_rules rules : {failure_rules{.nth = 1, .kind = failure_kind::transient},
                              failure_rules{.nth = 1, .kind = failure_kind::persistent}}) {
    const auto fails_within = [&] {
      mmap_failures.set(rules);
      try {
        block();
      } catch (const std::bad_alloc&) {
        if (mmap_failures.failures() == 0) throw;
      }
      return mmap_failures.failures() > 0;
    };
    for (;; ++rules.nth, ++failed) {
      const int end = end_of_child(fails_within, [] {});
      const bool survived = WIFEXITED(end) && WEXITSTATUS(end) < 2;
      BOOST_TEST_REQUIRE(survived,
                         "with mapping " << rules.nth << " failing the child ended with " << end);
      if (WEXITSTATUS(end) != 0) break;  // nothing failed any more
    }
  }
  return failed;
}

}  // namespace zpmr::test

extern "C" void* mmap(void* place, std::size_t bytes, int protection, int flags, int file,
                      off_t at) noexcept {
  if (zpmr::test::mmap_failures.fails(bytes)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(::syscall(SYS_mmap, place, bytes, protection, flags, file, at));
}
