// SPDX-License-Identifier: MIT
#include <algorithm>
#include <zpmr/limit_exceeded.hpp>
#include <zpmr/memory_tracker.hpp>

#include "base/text.hpp"

namespace zpmr {

namespace {

struct child {
  std::size_t bytes = 0;
  std::string_view name;
};

/// Returns: the children that hold the most, largest first. Their names are valid while the caller
/// keeps the shape.
std::array<child, 3> largest_children(const memory_tracker& tracker) {
  std::array<child, 3> largest;
  tracker.for_each_child([&](const memory_tracker& each) {
    const child candidate{each.bytes_in_use(), each.name()};
    if (candidate.bytes <= largest.back().bytes) return;
    largest.back() = candidate;
    std::ranges::sort(largest, std::ranges::greater{}, &child::bytes);  // a stable one allocates
  });
  return largest;
}

}  // namespace

limit_exceeded::limit_exceeded(const limit_event& event) noexcept
    : requested_(event.requested), bytes_in_use_(event.bytes_in_use), limit_(event.limit) {
  const std::string_view name = event.tracker.name().substr(0, name_capacity);
  name_length_ = name.copy(name_.data(), name_.size());

  detail::text text{what_};
  text.append("tracker \"%.*s\" is full: %zu bytes do not fit, %zu of %zu are in use",
              static_cast<int>(name_length_), name_.data(), requested_, bytes_in_use_, limit_);
  const detail::shape_reader lock;
  const char* before = "; largest children: ";
  for (const child& each : largest_children(event.tracker)) {
    if (each.bytes == 0) break;
    const int length = static_cast<int>(std::min(each.name.size(), name_capacity));
    text.append("%s\"%.*s\" %zu", before, length, each.name.data(), each.bytes);
    before = ", ";
  }
}

}  // namespace zpmr
