// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/memory_usage.hpp>
#include <zpmr/process_memory.hpp>

/// \file
/// One table for each struct of figures. JSON, Prometheus and the lines of `allocator_stats` and
/// `process_memory` are made from it, so a figure that is added here is in them. docs/metrics.md is
/// tested against it. Written by hand are the line of `memory_usage`, the tree of all trackers and
/// the CSV of samples: each shows what its readers look for.
///
/// Thread safety: constants.

namespace zpmr::detail {

/// A counter only grows; a gauge goes up and down.
enum class figure_kind { gauge, counter };
enum class figure_unit { bytes, count };

/// What there is to know of one member of `Facts`.
template <class Facts>
struct figure {
  std::string_view name;    ///< of the member; also the key in JSON
  std::string_view metric;  ///< in Prometheus: with its unit, and `_total` if it is a counter
  figure_kind kind;
  figure_unit unit;
  std::string_view help;
  std::optional<std::uint64_t> (*read)(const Facts& facts);  ///< empty where it is not known
};

template <auto member, class Facts>
std::optional<std::uint64_t> read_member(const Facts& facts) {
  return facts.*member;
}

/// A tracker without a limit has no figure to show; `no_limit` is not one.
inline std::optional<std::uint64_t> read_limit(const memory_usage& usage) {
  if (usage.limit == no_limit) return std::nullopt;
  return usage.limit;
}

/// The table of `Facts`, in the order of its members.
template <class Facts>
inline constexpr std::nullptr_t figures = nullptr;

/// A struct with a table.
template <class Facts>
concept has_figures = !std::is_null_pointer_v<std::remove_cvref_t<decltype(figures<Facts>)>>;

template <>
inline constexpr auto figures<memory_usage> = std::to_array<figure<memory_usage>>({
    {"bytes_in_use", "zpmr_in_use_bytes", figure_kind::gauge, figure_unit::bytes,
     "Charged now, the children included.", read_member<&memory_usage::bytes_in_use>},
    {"requested_bytes_in_use", "zpmr_requested_in_use_bytes", figure_kind::gauge,
     figure_unit::bytes, "What the callers asked for, of what is charged now.",
     read_member<&memory_usage::requested_bytes_in_use>},
    {"peak_bytes", "zpmr_peak_bytes", figure_kind::gauge, figure_unit::bytes,
     "The most that was ever in use, or since the peak was reset.",
     read_member<&memory_usage::peak_bytes>},
    {"total_bytes", "zpmr_charged_bytes_total", figure_kind::counter, figure_unit::bytes,
     "All ever charged.", read_member<&memory_usage::total_bytes>},
    {"limit", "zpmr_limit_bytes", figure_kind::gauge, figure_unit::bytes,
     "The tracker's own limit.", read_limit},
    {"allocations", "zpmr_allocations_total", figure_kind::counter, figure_unit::count,
     "Blocks ever allocated.", read_member<&memory_usage::allocations>},
    {"deallocations", "zpmr_deallocations_total", figure_kind::counter, figure_unit::count,
     "Blocks ever freed.", read_member<&memory_usage::deallocations>},
    {"denied", "zpmr_denied_total", figure_kind::counter, figure_unit::count,
     "Charges that were refused.", read_member<&memory_usage::denied>},
    {"overdrafts", "zpmr_overdrafts_total", figure_kind::counter, figure_unit::count,
     "Charges that passed although they did not fit.", read_member<&memory_usage::overdrafts>},
});
static_assert(figures<memory_usage>.size() * sizeof(std::uint64_t) == sizeof(memory_usage),
              "each member has a row");

template <>
inline constexpr auto figures<allocator_stats> = std::to_array<figure<allocator_stats>>({
    {"allocated", "zpmr_allocator_allocated_bytes", figure_kind::gauge, figure_unit::bytes,
     "In blocks that the program holds.", read_member<&allocator_stats::allocated>},
    {"active", "zpmr_allocator_active_bytes", figure_kind::gauge, figure_unit::bytes,
     "In pages with at least one such block.", read_member<&allocator_stats::active>},
    {"metadata", "zpmr_allocator_metadata_bytes", figure_kind::gauge, figure_unit::bytes,
     "The allocator's own bookkeeping.", read_member<&allocator_stats::metadata>},
    {"resident", "zpmr_allocator_resident_bytes", figure_kind::gauge, figure_unit::bytes,
     "In physical pages that the allocator maps.", read_member<&allocator_stats::resident>},
    {"mapped", "zpmr_allocator_mapped_bytes", figure_kind::gauge, figure_unit::bytes,
     "In chunks of address space in use.", read_member<&allocator_stats::mapped>},
    {"retained", "zpmr_allocator_retained_bytes", figure_kind::gauge, figure_unit::bytes,
     "Given back to the system, address space kept.", read_member<&allocator_stats::retained>},
    {"muzzy", "zpmr_allocator_muzzy_bytes", figure_kind::gauge, figure_unit::bytes,
     "Given back lazily: the system takes it when it needs it.",
     read_member<&allocator_stats::muzzy>},
    {"small_bin_fragmentation", "zpmr_allocator_small_bin_fragmentation_bytes", figure_kind::gauge,
     figure_unit::bytes, "Free slots inside slabs of small blocks.",
     read_member<&allocator_stats::small_bin_fragmentation>},
});
static_assert(figures<allocator_stats>.size() * sizeof(std::optional<std::size_t>) ==
                  sizeof(allocator_stats),
              "each member has a row");

template <>
inline constexpr auto figures<process_memory> = std::to_array<figure<process_memory>>({
    {"resident", "zpmr_process_resident_bytes", figure_kind::gauge, figure_unit::bytes,
     "In physical memory, shared pages included.", read_member<&process_memory::resident>},
    {"peak_resident", "zpmr_process_peak_resident_bytes", figure_kind::gauge, figure_unit::bytes,
     "The most that was ever resident.", read_member<&process_memory::peak_resident>},
    {"private_dirty", "zpmr_process_private_dirty_bytes", figure_kind::gauge, figure_unit::bytes,
     "Of what is resident: written to, and shared with no other process.",
     read_member<&process_memory::private_dirty>},
    {"anonymous_huge_pages", "zpmr_process_anonymous_huge_pages_bytes", figure_kind::gauge,
     figure_unit::bytes, "Of what is resident: in transparent huge pages.",
     read_member<&process_memory::anonymous_huge_pages>},
    {"swapped", "zpmr_process_swapped_bytes", figure_kind::gauge, figure_unit::bytes,
     "Moved out to swap.", read_member<&process_memory::swapped>},
    {"page_size", "zpmr_page_size_bytes", figure_kind::gauge, figure_unit::bytes,
     "The unit of mapping and protection.", read_member<&process_memory::page_size>},
    {"physical", "zpmr_physical_memory_bytes", figure_kind::gauge, figure_unit::bytes,
     "Memory of the machine.", read_member<&process_memory::physical>},
    {"cgroup_limit", "zpmr_cgroup_limit_bytes", figure_kind::gauge, figure_unit::bytes,
     "The least limit of the control groups around the process.",
     read_member<&process_memory::cgroup_limit>},
    {"cgroup_usage", "zpmr_cgroup_usage_bytes", figure_kind::gauge, figure_unit::bytes,
     "In use in the control group that has that limit.",
     read_member<&process_memory::cgroup_usage>},
    {"process_limit", "zpmr_process_limit_bytes", figure_kind::gauge, figure_unit::bytes,
     "The lesser of the limits on the address space and data of the process.",
     read_member<&process_memory::process_limit>},
});
static_assert(figures<process_memory>.size() * sizeof(std::optional<std::size_t>) ==
                  sizeof(process_memory),
              "each member has a row");

}  // namespace zpmr::detail
