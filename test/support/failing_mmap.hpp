// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <zpmr/failure_schedule.hpp>

/// \file
/// Replaces `mmap` by one that fails when the test says so, for what takes its memory straight from
/// the system. For one source file of a program.

namespace zpmr::test {

inline constinit failure_schedule mmap_failures;

}  // namespace zpmr::test

extern "C" void* mmap(void* place, std::size_t bytes, int protection, int flags, int file,
                      off_t at) noexcept {
  if (zpmr::test::mmap_failures.fails(bytes)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(::syscall(SYS_mmap, place, bytes, protection, flags, file, at));
}
