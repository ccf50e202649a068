// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <memory_resource>
#include <typeinfo>

namespace zpmr::detail {

/// Returns: `resource` as a `T`, or null if it is none. A resource of a user's program that was
/// compiled with -fno-rtti counts as none: `dynamic_cast` would crash, as the type that it looks
/// for in front of the table of virtual functions is missing there.
template <class T>
const T* resource_cast(const std::pmr::memory_resource* resource) noexcept {
  const std::type_info* const* table = nullptr;
  std::memcpy(&table, static_cast<const void*>(resource), sizeof table);
  return table[-1] != nullptr ? dynamic_cast<const T*>(resource) : nullptr;
}

}  // namespace zpmr::detail
