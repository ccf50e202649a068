// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// What the system says of the memory of this process, and what bounds it: the machine, the control
/// groups around the process, the limits set on it. Not part of `zpmr.hpp`: include it where
/// needed.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet cap_from_the_container.cpp process

namespace zpmr {

/// A sample of the system's figures, in bytes. A field is empty where the system cannot tell, or
/// where there is no such limit; it is never a made-up zero. docs/process_memory.md says where each
/// figure comes from.
struct process_memory {
  std::optional<std::size_t> resident = {};       ///< in physical memory, shared pages included
  std::optional<std::size_t> peak_resident = {};  ///< the most ever noted; >= `resident`
  std::optional<std::size_t> private_dirty = {};  ///< of `resident`: written to, and nobody else's
  /// Of `resident`: in transparent huge pages.
  std::optional<std::size_t> anonymous_huge_pages = {};
  std::optional<std::size_t> swapped = {};    ///< moved out to swap, so not in `resident`
  std::optional<std::size_t> page_size = {};  ///< the unit of mapping and protection
  std::optional<std::size_t> physical = {};   ///< memory of the machine

  /// The least limit of the control groups around the process, as far as they can be seen.
  std::optional<std::size_t> cgroup_limit = {};
  /// In use in the group that has that limit, by all its processes and for their files; in the
  /// process's own group where none has a limit.
  std::optional<std::size_t> cgroup_usage = {};
  /// The lesser of the limits set on the process itself: address space and data.
  std::optional<std::size_t> process_limit = {};

  friend bool operator==(const process_memory&, const process_memory&) = default;
};

static_assert(std::is_aggregate_v<process_memory>);
static_assert(std::is_trivially_copyable_v<process_memory>);

/// Effects: writes all figures on one line, without its end, as one unit: width and fill apply to
/// the whole, other format flags to nothing. Nothing is allocated.
ZPMR_EXPORT std::ostream& operator<<(std::ostream& out, const process_memory& memory);

/// Returns: the figures of the moment; those of one field are exact, those of different fields are
/// not of one instant while other threads run. Allocates nothing. Complexity: linear in the memory
/// that the process has mapped, as Linux walks its page tables to be exact.
[[nodiscard]] ZPMR_EXPORT process_memory sample_process_memory() noexcept;

/// Returns: the sum of one field of Linux's `/proc/self/smaps` over all mappings, in bytes, as
/// "Private_Dirty"; a colon after the name may stay. Empty where the field is unknown, or is no
/// size. Allocates nothing. Complexity: linear in the memory that the process has mapped.
[[nodiscard]] ZPMR_EXPORT std::optional<std::size_t> smaps_field(std::string_view name) noexcept;

}  // namespace zpmr
