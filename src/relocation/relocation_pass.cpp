// SPDX-License-Identifier: MIT
#include <algorithm>
#include <zpmr/detail/relocation_pass.hpp>

#include "relocation/relocation.hpp"

namespace zpmr::detail {

bool relocation_pass::has_hints(const std::pmr::memory_resource* resource) noexcept {
  if (resource != resource_) {
    resource_ = resource;
    has_hints_ = has_relocation_hints(*resource);
  }
  return has_hints_;
}

std::optional<block_report> relocation_pass::examine(const std::pmr::memory_resource* resource,
                                                     const void* block) noexcept {
  return has_hints(resource) ? follow(report_on(block)) : std::nullopt;
}

std::optional<block_report> relocation_pass::examine_unseen(
    const std::pmr::memory_resource* resource, std::size_t bytes) noexcept {
  if (!has_hints(resource)) return std::nullopt;
  const block_report report = report_on_unseen(bytes);
  return report.advice == relocation::move ? follow(report) : std::nullopt;
}

std::optional<block_report> relocation_pass::follow(const block_report& report) noexcept {
  if (report.advice == relocation::unknown) return std::nullopt;
  ++figures_.examined;
  examined_bytes_ += report.bytes;
  if (report.advice == relocation::stay) return std::nullopt;
  if (report.bytes >= refused_bytes_) {
    ++figures_.no_room;
    return std::nullopt;
  }
  return report;
}

/// Reading the clock costs as much as a hint, so not for each; but one element may hold many
/// blocks.
bool relocation_pass::is_time_for_a_look() noexcept {
  constexpr std::size_t between_looks = 16;
  ++elements_since_look_;
  const std::size_t blocks_since_look = figures_.examined - examined_at_look_;
  if (std::max(elements_since_look_, blocks_since_look) < between_looks) return false;
  elements_since_look_ = 0;
  examined_at_look_ = figures_.examined;
  return true;
}

bool relocation_pass::is_over() noexcept {
  if (examined_bytes_ >= budget_.bytes) return true;
  if (budget_.time == std::chrono::nanoseconds::max() || !is_time_for_a_look()) return false;
  return std::chrono::steady_clock::now() - start_ >= budget_.time;
}

}  // namespace zpmr::detail
