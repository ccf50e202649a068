// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <zpmr/defragment_budget.hpp>
#include <zpmr/detail/relocation_pass.hpp>
#include <zpmr/detail/traverse.hpp>

/// \file
/// Active defragmentation: moves the blocks of a container out of slabs that are nearly empty, so
/// that jemalloc can give these back. It works while the program runs, a little at a time.
/// docs/defragmentation.md says when it is worth it, and what it costs.
///
/// Thread safety: a call is a change of the container, as inserting is.
///
/// \snippet defragment_a_cache.cpp example

namespace zpmr {

/// A `std::pmr` string, vector, list, map, multimap, set, multiset, unordered_map or unordered_set.
template <class Container>
concept defragmentable = (detail::kind_of<Container> != detail::container_kind::none);

/// Where the next call goes on in a container: it knows an index, a key or a bucket, and so the
/// container may change in any way between two calls. A new one is at the start, and so is one
/// whose container was gone through.
template <defragmentable Container>
class defragment_cursor {
 public:
  defragment_cursor() = default;

 private:
  template <defragmentable C>
  friend defragment_figures defragment(C&, defragment_cursor<C>&, const defragment_budget&);

  detail::position_in<Container> position_;
};

static_assert(std::is_default_constructible_v<defragment_cursor<std::pmr::string>>);

namespace detail {

template <class Container, class Stop>
defragment_figures defragment_until(Container& container, position_in<Container>& from,
                                    relocation_pass& pass, Stop stop) {
  const bool can_tell = has_relocation_hints(*container.get_allocator().resource());
  const bool finished = !can_tell || traverse(container, from, pass, stop);
  defragment_figures figures = pass.figures();
  figures.finished = finished;
  return figures;
}

}  // namespace detail

/// Effects: goes on at `cursor`, within `budget`, and moves to new places what `relocation_hint`
/// says should move: nodes, the buffers of vectors and strings, and the same inside of elements, in
/// pairs and containers in them. Contents and capacities are as before, and so is the order, but
/// that of a hashed container. Where the allocator has no hints, the call does nothing and is
/// finished, with no block examined.
///
/// References, pointers and iterators to what was moved become invalid: to an element of a list,
/// map or set, to the elements of a vector, to the characters of a string. Of a hashed container,
/// all iterators do.
///
/// For a moment a moved block is there twice. No limit is passed for that and no policy is asked: a
/// block for whose second there is no room stays, unless an `overdraft_scope` lives. Charges and
/// counts are those of allocating and freeing; after the call `bytes_in_use` is as before.
///
/// Preconditions: hash functions and comparisons do not throw. The keys of a map or set, other than
/// a hashed one, can be copied: the cursor holds one, in memory from the default resource.
/// Throws: what copying an element throws, where it cannot be moved without that risk; then the
/// element is as before, and `cursor` too. Elements that can neither be copied nor be moved without
/// risk stay.
/// Complexity: linear in what the budget lets it look at. A list is walked to the place first, from
/// the nearer end, and a step does at least a sixteenth of that many elements.
template <defragmentable Container>
defragment_figures defragment(Container& container, defragment_cursor<Container>& cursor,
                              const defragment_budget& budget) {
  detail::relocation_pass pass(budget);
  return detail::defragment_until(container, cursor.position_, pass,
                                  [&pass] { return pass.is_over(); });
}

/// Effects: as above, for all of the container in one call; keys need not be copyable.
template <defragmentable Container>
defragment_figures defragment(Container& container) {
  detail::relocation_pass pass({});
  detail::position_in<Container> start;
  return detail::defragment_until(container, start, pass, detail::never{});
}

}  // namespace zpmr
