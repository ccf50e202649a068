// SPDX-License-Identifier: MIT
#include <sys/param.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>

#include "process_memory.hpp"

// Not tested: written after the documentation of OpenBSD and NetBSD (sysctl(2), sysctl(3),
// sys/sysctl.h). The two differ in the names alone.

namespace zpmr::detail {

namespace {

#if defined(__NetBSD__)
using process_info = kinfo_proc2;
constexpr int of_processes = KERN_PROC2;
#else
using process_info = kinfo_proc;
constexpr int of_processes = KERN_PROC;
#endif

std::optional<std::size_t> physical_memory() noexcept {
  int path[] = {CTL_HW, HW_PHYSMEM64};
  std::int64_t bytes = 0;
  std::size_t size = sizeof bytes;
  if (::sysctl(path, std::size(path), &bytes, &size, nullptr, 0) != 0) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

std::size_t page_size() noexcept {
  return static_cast<std::size_t>(::getpagesize());
}

/// Returns: the system's figure, which is in KiB; 0 means that it keeps none.
std::optional<std::size_t> peak(const process_info& process) noexcept {
  const auto kilobytes = static_cast<std::size_t>(process.p_uru_maxrss);
  return kilobytes != 0 ? std::optional(kilobytes * 1024) : std::nullopt;
}

}  // namespace

process_memory read_process_memory() noexcept {
  process_memory memory;
  memory.physical = physical_memory();
  process_info process;
  std::size_t size = sizeof process;
  int path[] = {CTL_KERN, of_processes, KERN_PROC_PID, ::getpid(), static_cast<int>(size), 1};
  if (::sysctl(path, std::size(path), &process, &size, nullptr, 0) == 0 && size == sizeof process) {
    memory.resident = static_cast<std::size_t>(process.p_vm_rssize) * page_size();
    memory.peak_resident = peak_with(peak(process), memory.resident);
  }
  return memory;
}

}  // namespace zpmr::detail
