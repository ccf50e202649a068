// SPDX-License-Identifier: MIT
#include <zpmr/detail/relocation_pass.hpp>

#include "relocation.hpp"

namespace zpmr::detail {

std::optional<block_report> relocation_pass::examine(const std::pmr::memory_resource* resource,
                                                     const void* block) noexcept {
  if (resource != resource_) {
    resource_ = resource;
    has_hints_ = has_relocation_hints(*resource);
  }
  if (!has_hints_) return std::nullopt;
  const block_report report = report_on(block);
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
