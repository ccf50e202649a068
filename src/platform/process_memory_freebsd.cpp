// SPDX-License-Identifier: MIT
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#include <sys/user.h>
#include <unistd.h>

#include <iterator>

#include "process_memory.hpp"

// Not tested: written after the system's documentation (sysctl(3), sys/user.h).

namespace zpmr::detail {

namespace {

std::optional<std::size_t> physical_memory() noexcept {
  unsigned long bytes = 0;
  std::size_t size = sizeof bytes;
  if (::sysctlbyname("hw.physmem", &bytes, &size, nullptr, 0) != 0) return std::nullopt;
  return bytes;
}

std::size_t page_size() noexcept {
  return static_cast<std::size_t>(::getpagesize());
}

/// Returns: the system's figure, which is in KiB; 0 means that it keeps none.
std::optional<std::size_t> peak(const kinfo_proc& process) noexcept {
  const auto kilobytes = static_cast<std::size_t>(process.ki_rusage.ru_maxrss);
  return kilobytes != 0 ? std::optional(kilobytes * 1024) : std::nullopt;
}

}  // namespace

process_memory read_process_memory() noexcept {
  process_memory memory;
  memory.physical = physical_memory();
  int path[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, ::getpid()};
  kinfo_proc process;
  std::size_t size = sizeof process;
  if (::sysctl(path, std::size(path), &process, &size, nullptr, 0) == 0 && size == sizeof process) {
    memory.resident = static_cast<std::size_t>(process.ki_rssize) * page_size();
    memory.peak_resident = peak_with(peak(process), memory.resident);
  }
  return memory;
}

}  // namespace zpmr::detail
