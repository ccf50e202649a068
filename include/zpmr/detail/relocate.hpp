// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <zpmr/detail/relocatable.hpp>
#include <zpmr/detail/relocation_pass.hpp>

/// \file
/// How one block, or one element, comes to a new place: always made there whole before the old one
/// goes, so that nothing is lost if something throws.

namespace zpmr::detail {

/// Returns: the block that holds the characters, or null where they are inside the string.
template <has_buffer T>
const void* buffer_of(const T& owner) noexcept {
  const auto start = reinterpret_cast<std::uintptr_t>(&owner);
  const auto data = reinterpret_cast<std::uintptr_t>(owner.data());
  if (owner.capacity() == 0 || (data >= start && data - start < sizeof owner)) return nullptr;
  return owner.data();
}

/// Effects: the same contents and capacity, in a new buffer.
template <has_buffer T>
void renew_buffer(T& owner) {
  if constexpr (kind_of<T> == container_kind::string) {
    T fresh(owner.capacity(), typename T::value_type(), owner.get_allocator());  // exactly as much
    fresh.assign(owner);
    owner.swap(fresh);
  } else {
    T fresh(owner.get_allocator());
    fresh.reserve(owner.capacity());
    for (auto& element : owner) fresh.push_back(std::move_if_noexcept(element));
    owner.swap(fresh);
  }
}

template <class T>
inline constexpr bool has_relocatable_buffer = false;
template <has_buffer T>
inline constexpr bool has_relocatable_buffer<T> = is_relocatable<typename T::value_type>;

/// Returns: what to move, if the buffer should move.
template <has_buffer T>
std::optional<block_report> examine_buffer(const T& owner, relocation_pass& pass) noexcept {
  const void* const block = buffer_of(owner);
  return block != nullptr ? pass.examine(owner.get_allocator().resource(), block) : std::nullopt;
}

template <has_buffer T>
void relocate_buffer(T& owner, relocation_pass& pass) {
  if (const auto report = examine_buffer(owner, pass)) {
    pass.move(*report, [&] { renew_buffer(owner); });
  }
}

/// Effects: the element at `place` moves if it should. References to it become invalid.
template <class List>
void relocate_list_node(List& list, typename List::iterator place, relocation_pass& pass) {
  if constexpr (is_relocatable<typename List::value_type>) {
    if (const auto report = pass.examine(list.get_allocator().resource(), &*place)) {
      pass.move(*report, [&] {
        list.emplace(place, std::move_if_noexcept(*place));
        list.erase(place);
      });
    }
  }
}

/// Keeps a hashed container from rehashing while an element is out of it: that may throw, and would
/// spoil the walk through its buckets.
template <class Container>
class fixed_buckets {
 public:
  explicit fixed_buckets(Container& container)
      : container_(container), load_factor_(container.max_load_factor()) {
    constexpr float beyond_any = 1e6F;
    container_.max_load_factor(std::max(load_factor_, beyond_any));
  }
  ~fixed_buckets() { container_.max_load_factor(load_factor_); }
  fixed_buckets(const fixed_buckets&) = delete;
  fixed_buckets& operator=(const fixed_buckets&) = delete;

 private:
  Container& container_;
  float load_factor_;
};

/// Effects: the same elements in the same buckets, whose array is a new one. Nothing throws once
/// the elements are on their way.
template <class Table>
void renew_buckets(Table& table) {
  Table fresh(table.bucket_count(), table.hash_function(), table.key_eq(), table.get_allocator());
  {
    const fixed_buckets<Table> fixed(fresh);
    fresh.merge(table);
  }
  fresh.max_load_factor(table.max_load_factor());
  table.swap(fresh);
}

template <class Container>
struct no_buckets {
  explicit no_buckets(Container&) noexcept {}
};

/// An element that is out of its container for a moment, as only then its key may be touched. It
/// goes back, unless a new one has taken its place.
template <has_nodes Container>
class taken_element {
  using iterator = typename Container::const_iterator;

 public:
  /// `next` follows `place` where the order matters.
  taken_element(Container& container, iterator place, iterator next)
      : container_(container), next_(next), buckets_(container), node_(container.extract(place)) {}
  ~taken_element() {
    if (!node_.empty()) container_.insert(next_, std::move(node_));
  }
  taken_element(const taken_element&) = delete;
  taken_element& operator=(const taken_element&) = delete;

  [[nodiscard]] auto& key() const {
    if constexpr (is_map<Container>) {
      return node_.key();
    } else {
      return node_.value();
    }
  }

  /// Effects: the same element in a new node; the old one is freed.
  void renew() {
    if constexpr (is_map<Container>) {
      renew_from(node_.key(), node_.mapped());
    } else {
      renew_from(node_.value());
    }
    // Not by an assignment, which libc++ does not have for nodes of a polymorphic_allocator.
    const typename Container::node_type old(std::move(node_));
  }

 private:
  /// All parts are moved or all are copied: one that was moved could not come back if another
  /// threw.
  template <class... Parts>
  void renew_from(Parts&... parts) {
    if constexpr (moves_safely<Parts...>) {
      container_.emplace_hint(next_, std::move(parts)...);
    } else {
      container_.emplace_hint(next_, std::as_const(parts)...);
    }
  }

  Container& container_;
  iterator next_;
  std::conditional_t<kind_of<Container> == container_kind::hashed, fixed_buckets<Container>,
                     no_buckets<Container>>
      buckets_;
  typename Container::node_type node_;
};

}  // namespace zpmr::detail
