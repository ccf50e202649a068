// SPDX-License-Identifier: MIT
#include <zpmr/detail/relocation_pass.hpp>

#include "relocation.hpp"

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

bool relocation_pass::is_over() noexcept {
  if (examined_bytes_ >= budget_.bytes) return true;
  constexpr unsigned elements_between_looks = 16;  // reading the clock costs as much as a hint
  if (budget_.time == std::chrono::nanoseconds::max() ||
      ++elements_ % elements_between_looks != 0) {
    return false;
  }
  return std::chrono::steady_clock::now() - start_ >= budget_.time;
}

}  // namespace zpmr::detail
