// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <iterator>
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
/// Puts every standard container to work on a resource and compares what it holds with what the
/// same container holds on the default resource.

namespace zpmr::test {

struct alignas(256) over_aligned {
  std::size_t value;
  friend bool operator==(const over_aligned&, const over_aligned&) = default;
};

/// Returns: the i-th of a series of distinct values; the texts are too long for a small-string
/// buffer.
template <class T>
T sample(std::size_t i) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<T>(i);
  } else if constexpr (std::is_same_v<T, over_aligned>) {
    return {i};
  } else {
    return T(40 + i % 100, static_cast<typename T::value_type>('a' + i % 26)) +
           static_cast<typename T::value_type>(i);
  }
}

inline constexpr std::size_t sample_count = 300;

/// Effects: copies, moves, swaps and empties containers filled by `fill`, on `resource` and the
/// default one.
template <class Container, class F>
void check_container(std::pmr::memory_resource* resource, F&& fill) {
  Container expected;
  fill(expected);

  Container container(resource);
  fill(container);
  BOOST_CHECK(container == expected);
  BOOST_TEST(container.get_allocator().resource() == resource);

  Container copy(container, resource);
  BOOST_CHECK(copy == expected);
  Container moved(std::move(container));
  BOOST_CHECK(moved == expected);
  Container moved_across(std::move(copy), std::pmr::get_default_resource());
  BOOST_CHECK(moved_across == expected);

  container = moved_across;
  BOOST_CHECK(container == expected);
  container.clear();
  container.swap(moved);
  BOOST_CHECK(container == expected);
  BOOST_CHECK(moved.empty());
}

template <class Container>
void check_sequence(std::pmr::memory_resource* resource) {
  check_container<Container>(resource, [](Container& container) {
    for (std::size_t i = 0; i < sample_count; ++i) {
      container.insert(container.end(), sample<typename Container::value_type>(i));
      if (i % 3 == 0) {
        container.erase(container.begin());
      }
    }
  });
}

template <class T>
void check_forward_list(std::pmr::memory_resource* resource) {
  check_container<std::pmr::forward_list<T>>(resource, [](std::pmr::forward_list<T>& list) {
    for (std::size_t i = 0; i < sample_count; ++i) {
      list.push_front(sample<T>(i));
    }
    list.remove_if([](const T& value) { return value == sample<T>(7); });
    list.reverse();
  });
}

template <class Set>
void check_set(std::pmr::memory_resource* resource) {
  check_container<Set>(resource, [](Set& set) {
    using key = typename Set::key_type;
    for (std::size_t i = 0; i < sample_count; ++i) {
      set.insert(sample<key>(i % 200));
    }
    for (std::size_t i = 0; i < sample_count; i += 5) {
      set.erase(sample<key>(i));
    }
  });
}

template <class Map>
void check_map(std::pmr::memory_resource* resource) {
  check_container<Map>(resource, [](Map& map) {
    using key = typename Map::key_type;
    using value = typename Map::mapped_type;
    for (std::size_t i = 0; i < sample_count; ++i) {
      map.emplace(sample<key>(i % 200), sample<value>(i));
    }
    for (std::size_t i = 0; i < sample_count; i += 5) {
      map.erase(sample<key>(i));
    }
  });
}

template <class Char>
void check_string(std::pmr::memory_resource* resource) {
  using string = std::pmr::basic_string<Char>;
  check_container<string>(resource, [](string& text) {
    for (std::size_t i = 0; i < sample_count; ++i) {
      text += static_cast<Char>('a' + i % 26);
      text.insert(text.size() / 2, 3, static_cast<Char>('-'));
    }
    text.erase(10, 50);
    text.shrink_to_fit();
  });
}

/// Effects: puts every standard container that takes an allocator to work on `resource`.
inline void check_containers(std::pmr::memory_resource* resource) {
  using text = std::pmr::string;

  check_sequence<std::pmr::vector<char>>(resource);
  check_sequence<std::pmr::vector<bool>>(resource);
  check_sequence<std::pmr::vector<text>>(resource);
  check_sequence<std::pmr::vector<over_aligned>>(resource);
  check_sequence<std::pmr::deque<int>>(resource);
  check_sequence<std::pmr::deque<text>>(resource);
  check_sequence<std::pmr::list<double>>(resource);
  check_sequence<std::pmr::list<text>>(resource);
  check_sequence<std::pmr::list<over_aligned>>(resource);
  check_forward_list<long>(resource);
  check_forward_list<text>(resource);

  check_set<std::pmr::set<int>>(resource);
  check_set<std::pmr::set<text>>(resource);
  check_set<std::pmr::multiset<text>>(resource);
  check_set<std::pmr::unordered_set<int>>(resource);
  check_set<std::pmr::unordered_set<text>>(resource);
  check_set<std::pmr::unordered_multiset<text>>(resource);

  check_map<std::pmr::map<int, over_aligned>>(resource);
  check_map<std::pmr::map<text, text>>(resource);
  check_map<std::pmr::multimap<text, int>>(resource);
  check_map<std::pmr::unordered_map<text, text>>(resource);
  check_map<std::pmr::unordered_map<int, over_aligned>>(resource);
  check_map<std::pmr::unordered_multimap<text, int>>(resource);

  check_string<char>(resource);
  check_string<wchar_t>(resource);
  check_string<char8_t>(resource);
  check_string<char16_t>(resource);
  check_string<char32_t>(resource);
}

}  // namespace zpmr::test
