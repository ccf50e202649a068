// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <map>
#include <memory_resource>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// \file
/// Which values hold blocks that can be moved.

namespace zpmr::detail {

enum class container_kind { none, string, vector, list, ordered, hashed };

template <class T>
inline constexpr container_kind kind_of = container_kind::none;

template <class Char, class Traits>
inline constexpr container_kind
    kind_of<std::basic_string<Char, Traits, std::pmr::polymorphic_allocator<Char>>> =
        container_kind::string;
template <class T>
inline constexpr container_kind kind_of<std::pmr::vector<T>> = container_kind::vector;
// Nobody is told where its words are.
template <>
inline constexpr container_kind kind_of<std::pmr::vector<bool>> = container_kind::none;
template <class T>
inline constexpr container_kind kind_of<std::pmr::list<T>> = container_kind::list;

template <class Key, class T, class Compare>
inline constexpr container_kind kind_of<std::pmr::map<Key, T, Compare>> = container_kind::ordered;
template <class Key, class T, class Compare>
inline constexpr container_kind kind_of<std::pmr::multimap<Key, T, Compare>> =
    container_kind::ordered;
template <class Key, class Compare>
inline constexpr container_kind kind_of<std::pmr::set<Key, Compare>> = container_kind::ordered;
template <class Key, class Compare>
inline constexpr container_kind kind_of<std::pmr::multiset<Key, Compare>> = container_kind::ordered;

template <class Key, class T, class Hash, class Equal>
inline constexpr container_kind kind_of<std::pmr::unordered_map<Key, T, Hash, Equal>> =
    container_kind::hashed;
template <class Key, class Hash, class Equal>
inline constexpr container_kind kind_of<std::pmr::unordered_set<Key, Hash, Equal>> =
    container_kind::hashed;

template <class T>
concept has_buffer = (kind_of<T> == container_kind::string) ||
                     (kind_of<T> == container_kind::vector);
template <class T>
concept has_nodes = (kind_of<T> == container_kind::ordered) ||
                    (kind_of<T> == container_kind::hashed);

template <has_nodes T>
inline constexpr bool is_map = requires {
  typename T::mapped_type;
};

/// Whether a value can be in two places for a moment and in one of them whole, whatever throws.
/// Where it may not be moved without a risk it is copied, as `std::vector` does.
template <class... Parts>
inline constexpr bool moves_safely = (std::is_nothrow_move_constructible_v<Parts> && ...);
template <class... Parts>
inline constexpr bool is_relocatable = moves_safely<Parts...> ||
                                       (std::is_copy_constructible_v<Parts> && ...);

/// Whether blocks that can be moved hang on such a value.
template <class T>
inline constexpr bool owns_blocks = kind_of<T> != container_kind::none;
template <class First, class Second>
inline constexpr bool owns_blocks<std::pair<First, Second>> =
    owns_blocks<First> || owns_blocks<Second>;

}  // namespace zpmr::detail
