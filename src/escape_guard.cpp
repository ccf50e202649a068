// SPDX-License-Identifier: MIT
#include <zpmr/escape_guard.hpp>

#include "escape_channel.hpp"
#include "text.hpp"

namespace zpmr {

escape_refused::escape_refused(std::size_t bytes, std::size_t alignment) noexcept
    : bytes_(bytes), alignment_(alignment) {
  detail::text{what_}.append(
      "zpmr: %zu bytes at alignment %zu were asked of the default resource while an escape_guard "
      "refuses that: give the container or element its allocator",
      bytes, alignment);
}

escape_guard::escape_guard(escape_action action)
    : action_(action), channel_(detail::escape_channel::open(*this)) {}

escape_guard::~escape_guard() {
  channel_.close();
}

std::uint64_t escape_guard::escapes() const noexcept {
  const detail::escape_lock lock;
  return escapes_;
}

std::size_t escape_guard::bytes() const noexcept {
  const detail::escape_lock lock;
  return bytes_;
}

}  // namespace zpmr
