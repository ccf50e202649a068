// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

/// \file
/// Sizes in binary units: `64_KiB`, `512_MiB`, `2_GiB`.
///
/// \snippet count_a_container.cpp example

namespace zpmr::detail {

/// Returns: count * unit. A literal that no `std::size_t` can hold does not compile.
consteval std::size_t bytes_of(unsigned long long count, std::size_t unit) {
  if (count > SIZE_MAX / unit) throw std::bad_alloc{};
  return static_cast<std::size_t>(count) * unit;
}

}  // namespace zpmr::detail

namespace zpmr::literals {

/// Returns: so many times 1,024 bytes.
consteval std::size_t operator""_KiB(unsigned long long count) {
  return zpmr::detail::bytes_of(count, std::size_t{1} << 10);
}
/// Returns: so many times 1,024 KiB.
consteval std::size_t operator""_MiB(unsigned long long count) {
  return zpmr::detail::bytes_of(count, std::size_t{1} << 20);
}
/// Returns: so many times 1,024 MiB.
consteval std::size_t operator""_GiB(unsigned long long count) {
  return zpmr::detail::bytes_of(count, std::size_t{1} << 30);
}

}  // namespace zpmr::literals
