// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace zpmr::detail {

/// 2^64 divided by the golden ratio, and odd: multiples of it lie far apart.
inline constexpr std::uint64_t golden_step = 0x9e3779b97f4a7c15U;

/// Returns: a number whose high bits depend on all bits of `x`. Quick: for tables by address.
constexpr std::uint64_t spread(std::uint64_t x) noexcept {
  return x * golden_step;
}

/// Returns: a number in which every bit depends on every bit of `x` (the last step of splitmix64).
constexpr std::uint64_t scrambled(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// Returns: the number from 0 up to 1 that the high bits of `bits` make.
constexpr double fraction(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace zpmr::detail
