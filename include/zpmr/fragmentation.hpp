// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/export.hpp>
#include <zpmr/process_memory.hpp>

/// \file
/// Why a process has more memory than its blocks need, and what to do about it. Not part of
/// `zpmr.hpp`: include it where needed.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet why_so_much_memory.cpp example

namespace zpmr {

class memory_tracker;

/// What the system, the allocator and the tracker say, taken together.
struct heap_sample {
  std::optional<std::size_t> bytes_in_use = {};  ///< of the tracker
  std::optional<std::size_t> peak_bytes = {};    ///< of the tracker
  allocator_stats allocator = {};
  process_memory process = {};

  friend bool operator==(const heap_sample&, const heap_sample&) = default;
};

/// Returns: the figures of the moment. `tracker` counts what is taken from `allocator`; one that
/// counts all of it, say the root of a tree, tells most.
[[nodiscard]] ZPMR_EXPORT heap_sample sample_heap(const allocator_resource& allocator,
                                                  const memory_tracker& tracker);

/// How much one amount is above another.
struct overhead {
  double ratio = 1;          ///< above / below; infinite in a finding where below is 0
  std::ptrdiff_t bytes = 0;  ///< above - below

  friend bool operator==(const overhead&, const overhead&) = default;
};

/// From what is in use to what is resident, at once and step by step: `total` is the product of
/// the other ratios, and the sum of the other bytes. A field is empty where one of its two figures
/// is not known, or the lower is 0. Redis reports the same, except `uncounted`, in `INFO memory`.
struct fragmentation {
  std::optional<overhead> total = {};      ///< process resident / in use: mem_fragmentation_ratio
  std::optional<overhead> uncounted = {};  ///< allocated / in use: blocks outside the tracker
  std::optional<overhead> inside_allocator = {};   ///< active / allocated: allocator_frag_ratio
  std::optional<overhead> kept_by_allocator = {};  ///< its resident / active: allocator_rss_ratio
  std::optional<overhead> outside_allocator = {};  ///< process / its resident: rss_overhead_ratio

  friend bool operator==(const fragmentation&, const fragmentation&) = default;
};

/// Returns: the overheads in `sample`.
[[nodiscard]] ZPMR_EXPORT fragmentation fragmentation_of(const heap_sample& sample) noexcept;

/// What `diagnose` may find.
enum class finding_kind {
  unknown,            ///< too little is known
  nearly_empty,       ///< too little is in use to compare it with what is resident
  all_well,           ///< none of the following
  high_peak,          ///< much more was in use once
  uncounted,          ///< the allocator has many blocks that the tracker does not count
  inside_allocator,   ///< blocks lie scattered over many pages
  kept_by_allocator,  ///< the allocator holds on to free pages
  outside_allocator,  ///< other things than this allocator take memory
  unexplained,        ///< far more is resident than in use, by none of the four steps above alone
  swapped_out,        ///< part of the process is not in memory, so the ratios look too good
};

/// From where on `diagnose` speaks up: as Redis's `MEMORY DOCTOR`, which has seen many heaps.
/// docs/fragmentation.md gives the reasons.
namespace diagnosis {
inline constexpr std::size_t nearly_empty_below = 5 << 20;  ///< bytes in use
inline constexpr double high_peak_ratio = 1.5;              ///< peak / in use
inline constexpr double high_total_ratio = 1.4;             ///< resident / in use
inline constexpr double high_step_ratio = 1.1;              ///< each step on the way
inline constexpr std::size_t worth_telling = 10 << 20;      ///< bytes; fewer are not worth a word
}  // namespace diagnosis

/// One thing found.
struct finding {
  finding_kind kind;
  std::string_view text;                 ///< what it is and what to do about it, in whole sentences
  std::optional<overhead> figures = {};  ///< what shows it, where figures do

  friend bool operator==(const finding&, const finding&) = default;
};

/// Returns: what `sample` shows, at least one finding.
[[nodiscard]] ZPMR_EXPORT std::vector<finding> diagnose(const heap_sample& sample);

/// Effects: writes the figures and the text on one line, without its end, as one unit.
ZPMR_EXPORT std::ostream& operator<<(std::ostream& out, const finding& finding);

static_assert(std::is_aggregate_v<heap_sample> && std::is_aggregate_v<fragmentation>);
static_assert(std::is_aggregate_v<finding>);

}  // namespace zpmr
