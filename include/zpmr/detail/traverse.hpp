// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <zpmr/detail/position.hpp>
#include <zpmr/detail/relocate.hpp>

/// \file
/// How `defragment` goes through each kind of container.

namespace zpmr::detail {

/// For what is inside an element: it is done in one go.
struct never {
  constexpr bool operator()() const noexcept { return false; }
};

template <class Container, class Stop>
bool traverse(Container& container, position_in<Container>& from, relocation_pass& pass, Stop stop);

/// Effects: moves what should move of the blocks that hang on `value`.
template <class T>
void relocate_blocks_of(T& value, relocation_pass& pass) {
  if constexpr (kind_of<T> != container_kind::none) {
    position_in<T> start;
    traverse(value, start, pass, never{});
  }
}
template <class First, class Second>
void relocate_blocks_of(std::pair<First, Second>& value, relocation_pass& pass) {
  relocate_blocks_of(value.first, pass);
  relocate_blocks_of(value.second, pass);
}

template <class Vector, class Stop>
bool traverse_vector(Vector& vector, index_position& from, relocation_pass& pass, Stop stop) {
  if constexpr (owns_blocks<typename Vector::value_type>) {
    for (std::size_t i = from.next; i < vector.size(); ++i) {
      relocate_blocks_of(vector[i], pass);
      if (stop()) {
        from.next = i + 1;
        return false;
      }
    }
  }
  if constexpr (has_relocatable_buffer<Vector>) relocate_buffer(vector, pass);
  return true;
}

/// A list must be walked to the place. So that a pass stays linear in its length, a step does not
/// stop before it has done a share of the elements that it walked past, whatever the budget.
template <class List, class Stop>
bool traverse_list(List& list, index_position& from, relocation_pass& pass, Stop stop) {
  constexpr std::size_t share = 16;
  const std::size_t start = std::min(from.next, list.size());
  const std::size_t least = start + std::min(start, list.size() - start) / share;
  std::size_t index = start;
  for (auto next = element_at(list, start); next != list.end();) {
    const auto place = next++;
    relocate_blocks_of(*place, pass);
    relocate_list_node(list, place, pass);
    ++index;
    if (stop() && index > least && next != list.end()) {
      from.next = index;
      return false;
    }
  }
  return true;
}

template <class Container>
inline constexpr bool has_relocatable_nodes = is_relocatable<typename Container::key_type>;
template <class Container>
requires is_map<Container>
inline constexpr bool has_relocatable_nodes<Container> =
    is_relocatable<typename Container::key_type, typename Container::mapped_type>;

/// Effects: moves what should move of an element of a map or set: what hangs on its value, the
/// buffer of its key, its node. `find` gives its place, and is only called if that is needed.
template <has_nodes Container, class Element, class Find>
void relocate_element(Container& container, Element& element, Find find,
                      typename Container::const_iterator next, relocation_pass& pass) {
  if constexpr (is_map<Container>) relocate_blocks_of(element.second, pass);
  std::optional<taken_element<Container>> taken;
  if constexpr (has_relocatable_buffer<typename Container::key_type>) {
    if (const auto report = examine_buffer(key_of<Container>(element), pass)) {
      taken.emplace(container, find(), next);
      pass.move(*report, [&] { renew_buffer(taken->key()); });
    }
  }
  if constexpr (has_relocatable_nodes<Container>) {
    // Only now, as the key's buffer may have been its only neighbour.
    if (const auto report = pass.examine(container.get_allocator().resource(), &element)) {
      if (!taken) taken.emplace(container, find(), next);
      pass.move(*report, [&] { taken->renew(); });
    }
  }
}

template <class Container, class Key, class Stop>
bool traverse_ordered(Container& container, key_position<Key>& from, relocation_pass& pass,
                      Stop stop) {
  for (auto next = resume(container, from); next != container.end();) {
    const auto place = next++;
    relocate_element(
        container, *place, [&] { return place; }, next, pass);
    // Not even compiled where nothing stops: then keys need not be copyable.
    if constexpr (!std::is_same_v<Stop, never>) {
      if (stop() && next != container.end()) {
        remember(container, next, from);
        return false;
      }
    }
  }
  return true;
}

/// A bucket is never left half way.
template <class Container>
void relocate_bucket(Container& container, std::size_t bucket, relocation_pass& pass) {
  for (auto next = container.begin(bucket); next != container.end(bucket);) {
    auto& element = *next++;
    relocate_element(
        container, element, [&] { return container.find(key_of<Container>(element)); },
        container.end(), pass);
  }
}

/// Effects: renews the array of buckets if it may lie in a slab. Nobody is told where it is, so no
/// hint can be asked for; but what was allocated along with it had to move.
template <class Container>
void relocate_buckets(Container& container, relocation_pass& pass) {
  const std::size_t count = container.bucket_count();
  if (count == 1) return;  // inside the container
  if (const auto report =
          pass.examine_unseen(container.get_allocator().resource(), count * sizeof(void*))) {
    pass.move(*report, [&] { renew_buckets(container); });
  }
}

template <class Container, class Stop>
bool traverse_hashed(Container& container, bucket_position& from, relocation_pass& pass,
                     Stop stop) {
  const std::size_t count = container.bucket_count();
  const std::size_t moved_before = pass.figures().moved_blocks;
  const std::size_t start = from.bucket_count == count ? from.next : 0;
  for (std::size_t bucket = start; bucket < count; ++bucket) {
    relocate_bucket(container, bucket, pass);
    if (stop() && bucket + 1 < count) {
      from = {bucket + 1, count};
      return false;
    }
  }
  // Small tables, and those matter, are gone through in one step.
  if (start == 0 && pass.figures().moved_blocks > moved_before) relocate_buckets(container, pass);
  return true;
}

/// Effects: goes on at `from`, to the end or until `stop`, which is asked after each element.
/// Returns: whether it came to the end. If something throws, `from` is as before.
template <class Container, class Stop>
bool traverse(Container& container, position_in<Container>& from, relocation_pass& pass,
              Stop stop) {
  constexpr container_kind kind = kind_of<Container>;
  bool finished = true;
  if constexpr (kind == container_kind::string) {
    relocate_buffer(container, pass);
  } else if constexpr (kind == container_kind::vector) {
    finished = traverse_vector(container, from, pass, stop);
  } else if constexpr (kind == container_kind::list) {
    finished = traverse_list(container, from, pass, stop);
  } else if constexpr (kind == container_kind::ordered) {
    finished = traverse_ordered(container, from, pass, stop);
  } else {
    finished = traverse_hashed(container, from, pass, stop);
  }
  if (finished) from.restart();
  return finished;
}

}  // namespace zpmr::detail
