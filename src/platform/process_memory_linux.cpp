// SPDX-License-Identifier: MIT
#include "process_memory_linux.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "cgroup.hpp"
#include "kilobyte_fields.hpp"
#include "process_memory.hpp"

// The resident size comes from a walk over the page tables (smaps_rollup, since Linux 4.14), not
// from the counters behind statm and status. Each thread, and since Linux 6.2 each processor, keeps
// a part of a counter back, and most kernels do not add these parts up for a reader. The walk takes
// milliseconds for each resident GiB in small pages, where the counters take microseconds; but a
// figure that may be off by many pages for each processor is no basis for a ratio.

namespace zpmr::detail {

namespace {

/// Effects: adds the fields up over all mappings, in the file where the kernel has done so, else
/// here.
void add_up_mappings(std::string_view root, std::span<kilobyte_field> fields) noexcept {
  add_up(file_name(root, "/proc/self/smaps_rollup"), fields);
  if (std::ranges::none_of(fields,
                           [](const kilobyte_field& field) { return field.bytes.has_value(); })) {
    for (kilobyte_field& field : fields) field = {field.name};
    add_up(file_name(root, "/proc/self/smaps"), fields);
  }
}

void read_mappings(std::string_view root, process_memory& memory) noexcept {
  std::array<kilobyte_field, 4> fields{{{"Rss"}, {"Private_Dirty"}, {"AnonHugePages"}, {"Swap"}}};
  add_up_mappings(root, fields);
  memory.resident = fields[0].bytes;
  memory.private_dirty = fields[1].bytes;
  memory.anonymous_huge_pages = fields[2].bytes;
  memory.swapped = fields[3].bytes;
}

/// Effects: fills in the peak, and what the mappings did not tell: not every kernel and sandbox has
/// those files.
void read_status(std::string_view root, process_memory& memory) noexcept {
  std::array<kilobyte_field, 3> fields{{{"VmHWM"}, {"VmRSS"}, {"VmSwap"}}};
  add_up(file_name(root, "/proc/self/status"), fields);
  if (!memory.resident) memory.resident = fields[1].bytes;
  if (!memory.swapped) memory.swapped = fields[2].bytes;
  memory.peak_resident = peak_with(fields[0].bytes, memory.resident);
}

}  // namespace

process_memory read_process_memory(std::string_view root) noexcept {
  process_memory memory;
  read_mappings(root, memory);
  read_status(root, memory);
  std::array<kilobyte_field, 1> total{{{"MemTotal"}}};
  add_up(file_name(root, "/proc/meminfo"), total);
  memory.physical = total[0].bytes;
  const cgroup_memory group = read_cgroup_memory(root);
  memory.cgroup_limit = group.limit;
  memory.cgroup_usage = group.usage;
  return memory;
}

std::optional<std::size_t> read_smaps_field(std::string_view root, std::string_view name) noexcept {
  if (name.ends_with(':')) name.remove_suffix(1);
  std::array<kilobyte_field, 1> field{{{name}}};
  add_up_mappings(root, field);
  return field[0].bytes;
}

process_memory read_process_memory() noexcept {
  return read_process_memory("");
}

std::optional<std::size_t> read_smaps_field(std::string_view name) noexcept {
  return read_smaps_field("", name);
}

}  // namespace zpmr::detail
