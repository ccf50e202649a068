// SPDX-License-Identifier: MIT
#pragma once

#include <dlfcn.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>

/// \file
/// A program may enter a sandbox that forbids `membarrier` after it has been used. Here the C
/// library's `syscall` is this program's own, and says no when told to. For one source of a
/// program.

namespace zpmr::test {

inline std::atomic<bool> fence_forbidden{false};
inline std::atomic<unsigned> fences{0};

/// While one lives there is no heavy fence.
struct no_fence {
  no_fence() { fence_forbidden = true; }
  ~no_fence() { fence_forbidden = false; }
  no_fence(const no_fence&) = delete;
  no_fence& operator=(const no_fence&) = delete;
};

}  // namespace zpmr::test

extern "C" long syscall(long number, ...) noexcept {
  using function = long (*)(long, ...);
  // No guard: libc++'s guards call this function.
  static constinit std::atomic<function> known{nullptr};
  function real = known;
  if (real == nullptr) known = real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "syscall"));
  if (number == SYS_membarrier) {
    ++zpmr::test::fences;
    if (zpmr::test::fence_forbidden) {
      errno = EPERM;
      return -1;
    }
  }
  std::va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& each : arguments) each = va_arg(list, long);
  va_end(list);
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}
