// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace zpmr::detail {

/// Returns: whether a block of `bytes` at `alignment` can exist at all. Every resource asks this
/// first: libstdc++ 12's aligned `operator new` rounds sizes near `SIZE_MAX` up to a tiny block.
constexpr bool can_exist(std::size_t bytes, std::size_t alignment) noexcept {
  constexpr std::size_t most = PTRDIFF_MAX;
  return bytes < most && alignment <= most - bytes;
}

/// Returns: the size to ask for where zero bytes would be undefined, or give null.
constexpr std::size_t at_least_one(std::size_t bytes) noexcept {
  return bytes != 0 ? bytes : 1;
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_bad_alloc() {
  throw std::bad_alloc{};
}

/// Returns: `block`. Throws: `std::bad_alloc` if it is null.
inline void* checked_block(void* block) {
  if (block == nullptr) [[unlikely]]
    throw_bad_alloc();
  return block;
}

}  // namespace zpmr::detail
