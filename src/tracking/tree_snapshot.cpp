// SPDX-License-Identifier: MIT
#include <zpmr/memory_tracker.hpp>
#include <zpmr/tree_snapshot.hpp>

#include "reports/utf8.hpp"

namespace zpmr {

namespace {

/// How much a snapshot takes.
struct extent {
  std::size_t records = 0;
  std::size_t name_bytes = 0;  ///< at most: each byte of a name may become U+FFFD
};

/// One pass over all trackers, which makes records of them as long as there is room: trackers
/// cannot be made or destroyed meanwhile, so nothing must be allocated.
class pass {
 public:
  pass(std::vector<tracker_record>& records, std::vector<char>& names) noexcept
      : records_(records), names_(names) {}

  /// Returns: how much room all trackers need.
  extent run() {
    for_each_tracker([&](const memory_tracker& root) { visit(root, 0); });
    return needed_;
  }

 private:
  void visit(const memory_tracker& tracker, std::size_t depth) {
    ++needed_.records;
    needed_.name_bytes += tracker.name().size() * detail::replacement_character.size();
    if (there_is_room()) records_.push_back({copy(tracker.name()), depth, tracker.snapshot()});
    tracker.for_each_child([&](const memory_tracker& child) { visit(child, depth + 1); });
  }

  [[nodiscard]] bool there_is_room() const noexcept {
    return needed_.records <= records_.capacity() && needed_.name_bytes <= names_.capacity();
  }

  std::string_view copy(std::string_view name) {
    const std::size_t start = names_.size();
    detail::for_each_character(name, [&](std::string_view character) {
      names_.insert(names_.end(), character.begin(), character.end());
    });
    return {names_.data() + start, names_.size() - start};
  }

  std::vector<tracker_record>& records_;
  std::vector<char>& names_;
  extent needed_;
};

}  // namespace

tree_snapshot::tree_snapshot() {
  for (;;) {
    const extent needed = pass{records_, names_}.run();
    if (needed.records == records_.size()) return;
    // Half as much again, for trackers that are being made.
    records_ = {};
    names_ = {};
    records_.reserve(needed.records + needed.records / 2);
    names_.reserve(needed.name_bytes + needed.name_bytes / 2);
  }
}

}  // namespace zpmr
