// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <zpmr/detail/relocatable.hpp>

/// \file
/// How `defragment` finds its way back to where it stopped, whatever has happened to the container
/// since.

namespace zpmr::detail {

template <has_nodes Container>
const auto& key_of(const typename Container::value_type& element) noexcept {
  if constexpr (is_map<Container>) {
    return element.first;
  } else {
    return element;
  }
}

struct index_position {
  std::size_t next = 0;

  void restart() noexcept { next = 0; }
};

template <class Key>
struct key_position {
  std::optional<Key> next;       ///< of the next element; it may be gone when that is looked for
  std::size_t equal_before = 0;  ///< elements with the same key that come before it

  void restart() noexcept { next.reset(); }
};

struct bucket_position {
  std::size_t next = 0;
  std::size_t bucket_count = 0;  ///< with another one, everything is in another place

  void restart() noexcept { next = 0; }
};

template <class Container, container_kind = kind_of<Container>>
struct position {
  using type = index_position;
};
template <class Container>
struct position<Container, container_kind::ordered> {
  using type = key_position<typename Container::key_type>;
};
template <class Container>
struct position<Container, container_kind::hashed> {
  using type = bucket_position;
};
template <class Container>
using position_in = typename position<Container>::type;

/// Complexity: walks to the place from the nearer end.
template <class List>
typename List::iterator element_at(List& list, std::size_t index) {
  const std::size_t size = list.size();
  return index <= size / 2 ? std::next(list.begin(), static_cast<std::ptrdiff_t>(index))
                           : std::prev(list.end(), static_cast<std::ptrdiff_t>(size - index));
}

template <class Container, class Key>
typename Container::iterator resume(Container& container, const key_position<Key>& from) {
  if (!from.next) return container.begin();
  const Key& key = *from.next;
  auto place = container.lower_bound(key);
  for (std::size_t i = 0; i < from.equal_before && place != container.end() &&
                          !container.key_comp()(key, key_of<Container>(*place));
       ++i) {
    ++place;
  }
  return place;
}

template <class Container, class Key>
void remember(const Container& container, typename Container::const_iterator next,
              key_position<Key>& from) {
  const Key& key = key_of<Container>(*next);
  from.equal_before = static_cast<std::size_t>(std::distance(container.lower_bound(key), next));
  from.next.emplace(key);
}

}  // namespace zpmr::detail
