// SPDX-License-Identifier: MIT
#include "traces/trace_blocks.hpp"

#include <iterator>

namespace zpmr::detail::trace {

std::uint32_t block_numbers::take(std::uint32_t thread) {
  std::vector<std::uint32_t>& own = own_[thread];
  std::vector<std::uint32_t>& from = own.empty() ? common_ : own;
  if (from.empty()) return end_++;
  const std::uint32_t number = from.back();
  from.pop_back();
  return number;
}

void block_numbers::give_back(std::uint32_t number, std::uint32_t thread) {
  std::vector<std::uint32_t>& own = own_[thread];
  own.push_back(number);
  if (own.size() <= most_own) return;
  const auto newer = std::next(own.begin(), most_own / 2);
  common_.insert(common_.end(), own.begin(), newer);
  own.erase(own.begin(), newer);
}

blocks_in_use::block* blocks_in_use::find(const raw_event& event) noexcept {
  const auto found = blocks_.find(place_of(event));
  return found != blocks_.end() ? &found->second : nullptr;
}

blocks_in_use::block& blocks_in_use::add(const raw_event& event) {
  const auto [added, _] = blocks_.try_emplace(
      place_of(event), block{numbers_.take(event.thread), event.bytes, event.alignment});
  bytes_ += event.bytes;
  return added->second;
}

void blocks_in_use::remove(const raw_event& event) {
  const auto found = blocks_.find(place_of(event));
  numbers_.give_back(found->second.number, event.thread);
  bytes_ -= found->second.bytes;
  blocks_.erase(found);
}

}  // namespace zpmr::detail::trace
