// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>
#include <zpmr/export.hpp>
#include <zpmr/memory_usage.hpp>

/// \file
/// The figures of all trackers, taken down at once: what reports are made of.
///
/// Thread safety: a snapshot may be taken on any thread; once taken it is a plain value. In the
/// child of a fork, see `memory_tracker`.
///
/// \snippet print_the_figures.cpp snapshot

namespace zpmr {

/// A tracker as it was.
struct tracker_record {
  /// Its name as UTF-8: each byte that is none is replaced by U+FFFD. Valid while the snapshot
  /// lives.
  std::string_view name;
  std::size_t depth = 0;  ///< 0 for a root
  memory_usage usage;
};

/// All trackers of the process. A tracker comes before its children, and children in the order in
/// which they were made; so the children of a record are those after it that are one deeper, up to
/// the next that is not deeper.
///
/// Nothing is allocated from a tracker, nor from anything else while trackers cannot be made or
/// destroyed.
class ZPMR_EXPORT tree_snapshot {
 public:
  /// Effects: takes down the trackers of the moment. No tracker is made or destroyed meanwhile, but
  /// charges go on: the figures are those of one moment only if all threads are at rest.
  /// Throws: `std::bad_alloc`. Complexity: linear in the trackers, times the depth of the tree.
  tree_snapshot();

  tree_snapshot(tree_snapshot&&) noexcept = default;
  tree_snapshot& operator=(tree_snapshot&&) noexcept = default;
  tree_snapshot(const tree_snapshot&) = delete;  // the records point into the names
  tree_snapshot& operator=(const tree_snapshot&) = delete;

  /// Returns: the trackers, valid while the snapshot lives.
  [[nodiscard]] std::span<const tracker_record> records() const noexcept { return records_; }

 private:
  std::vector<char> names_;
  std::vector<tracker_record> records_;
};

static_assert(!std::is_copy_constructible_v<tree_snapshot>);
static_assert(std::is_nothrow_move_constructible_v<tree_snapshot>);

}  // namespace zpmr
