// SPDX-License-Identifier: MIT
#include <mach/mach.h>
#include <sys/sysctl.h>

#include <cstdint>

#include "process_memory.hpp"

// Not tested: written after the system's documentation (mach/task_info.h, sysctl(3)).

namespace zpmr::detail {

namespace {

std::optional<std::size_t> physical_memory() noexcept {
  std::uint64_t bytes = 0;
  std::size_t size = sizeof bytes;
  if (::sysctlbyname("hw.memsize", &bytes, &size, nullptr, 0) != 0) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

}  // namespace

process_memory read_process_memory() noexcept {
  process_memory memory;
  memory.physical = physical_memory();
  mach_task_basic_info_data_t task;
  mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
  if (::task_info(mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&task),
                  &count) == KERN_SUCCESS) {
    memory.resident = static_cast<std::size_t>(task.resident_size);
    memory.peak_resident = static_cast<std::size_t>(task.resident_size_max);
  }
  return memory;
}

}  // namespace zpmr::detail
