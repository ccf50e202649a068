// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <random>
#include <string>
#include <type_traits>
#include <utility>

/// \file
/// Containers that have seen better days: filled, and then thinned out at random, so that their
/// allocator's slabs are nearly empty, but hardly one is free.

namespace zpmr::test {

using payload = std::array<std::size_t, 12>;

/// Returns: the i-th of a series of distinct values; texts are of 24 to 200 characters, too many
/// for any library to keep them inside the string.
template <class T>
T numbered(std::size_t i) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<T>(i);
  } else if constexpr (std::is_same_v<T, payload>) {
    return {i};
  } else if constexpr (std::is_same_v<T, std::pmr::string>) {
    T text(std::to_string(i));
    text.resize(24 + i * 7919 % 177, 'x');
    return text;
  } else if constexpr (requires { typename T::first_type; }) {
    return {numbered<std::remove_const_t<typename T::first_type>>(i),
            numbered<typename T::second_type>(i)};
  } else {  // a container with a few elements
    T values;
    for (std::size_t n = 0; n < 1 + i % 4; ++n) {
      values.insert(values.end(), numbered<typename T::value_type>(i + n));
    }
    return values;
  }
}

/// Effects: inserts `count` elements.
template <class Container>
void fill(Container& container, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    container.insert(container.end(), numbered<typename Container::value_type>(i));
  }
}

/// Effects: erases all but one of `kept_of`, at random.
template <class Container>
void thin_out(Container& container, unsigned kept_of) {
  std::mt19937 random(20240229);
  std::erase_if(container, [&](const auto&) { return random() % kept_of != 0; });
}

/// Returns: a container with about `count` elements, on slabs made for ten times as many.
template <class Container>
Container fragmented(std::pmr::memory_resource* resource, std::size_t count) {
  Container container(resource);
  fill(container, 10 * count);
  thin_out(container, 10);
  if constexpr (requires { container.shrink_to_fit(); }) container.shrink_to_fit();
  return container;
}

}  // namespace zpmr::test
