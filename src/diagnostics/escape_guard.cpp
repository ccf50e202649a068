// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>
#include <zpmr/escape_guard.hpp>

#include "base/text.hpp"
#include "diagnostics/escape_channel.hpp"

namespace zpmr {

namespace {

constexpr std::size_t most_sites = 1001;  // the last is for all those that are not known

std::vector<escape_site> room_for_sites(escape_action action) {
  std::vector<escape_site> sites;
  if (action != escape_action::count) sites.reserve(most_sites);
  return sites;
}

}  // namespace

escape_refused::escape_refused(std::size_t bytes, std::size_t alignment, call_stack where) noexcept
    : bytes_(bytes), alignment_(alignment), where_(where) {
  detail::text{what_}.append(
      "zpmr: %zu bytes at alignment %zu were asked of the default resource while an escape_guard "
      "refuses that: give the container or element its allocator",
      bytes, alignment);
}

escape_guard::escape_guard(escape_action action)
    : action_(action),
      sites_(room_for_sites(action)),
      channel_(detail::escape_channel::open(*this)) {}

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

std::vector<escape_site> escape_guard::sites() const {
  std::vector<escape_site> sites = room_for_sites(action_);
  {
    const detail::escape_lock lock;
    sites.assign(sites_.begin(), sites_.end());  // within the room there is
  }
  std::ranges::sort(sites, std::greater{}, &escape_site::bytes);
  return sites;
}

// With the lock held.
void escape_guard::note(std::size_t bytes, call_stack where) noexcept {
  ++escapes_;
  bytes_ += bytes;
  if (action_ == escape_action::count) return;
  auto site = std::ranges::find(sites_, where, &escape_site::where);
  if (site == sites_.end() && sites_.size() + 1 >= most_sites) {
    where = {};
    site = std::ranges::find(sites_, where, &escape_site::where);
  }
  if (site == sites_.end()) site = sites_.insert(site, {where, 0, 0});
  ++site->allocations;
  site->bytes += bytes;
}

}  // namespace zpmr
