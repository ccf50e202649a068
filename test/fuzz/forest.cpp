// SPDX-License-Identifier: MIT
#include "forest.hpp"

#include <optional>
#include <utility>

// The life of trackers, their limits, scopes and reservations. Charges are in forest_charges.cpp.

namespace zpmr::test {

namespace {

std::unique_ptr<memory_tracker> make_tracker(tree_node* parent, watched_policy* policy) {
  return parent != nullptr ? std::make_unique<memory_tracker>("node", *parent->tracker, policy)
                           : std::make_unique<memory_tracker>("root", policy);
}

}  // namespace

forest::~forest() {
  work_on(1, false);
  // Children come after their parents.
  while (!nodes_.empty()) fell(nodes_.size() - 1);
}

void forest::work_on(unsigned thread, bool generous) {
  thread_ = thread;
  generous_ = generous;
}

void forest::grow(tree_node* parent, policy_kind kind, std::size_t limit, unsigned patience) {
  tree_node& grown = *nodes_.emplace_back(std::make_unique<tree_node>());
  if (kind != policy_kind::none) {
    const auto evict = [&] { return free_one(grown, 0); };
    grown.policy =
        std::make_unique<watched_policy>(kind, limit, patience, grown.figures, watch_, evict);
    grown.figures.expected.limit = limit;
  }
  grown.tracker = make_tracker(parent, grown.policy.get());
  grown.rounded = std::make_unique<counting_resource<>>(&upstream_, *grown.tracker);
  grown.from_libc = std::make_unique<counting_resource<libc_resource>>(libc(), *grown.tracker);
  if (parent != nullptr) {
    grown.figures.parent = &parent->figures;
    ++parent->figures.children;
  }
}

void forest::fell(std::size_t index) {
  tree_node& gone = *nodes_[index];
  if (gone.figures.children > 0) return;
  while (!gone.phases.empty()) close_scope(gone, 0);
  while (!gone.reservations.empty()) drop_reservation(gone, 0);
  while (free_one(gone, 0)) {
  }
  if (gone.figures.parent != nullptr) --gone.figures.parent->children;
  nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(index));
}

void forest::set_limit(tree_node& at, std::size_t bytes) {
  at.tracker->set_limit(bytes);
  at.figures.expected.limit = bytes;
}

void forest::try_set_limit(tree_node& at, std::size_t bytes) {
  const bool fits = at.figures.expected.bytes_in_use <= bytes;
  expect(at.tracker->try_set_limit(bytes) == fits, "a limit is taken that covers what is in use");
  if (fits) at.figures.expected.limit = bytes;
}

void forest::reset_peak(tree_node& at) {
  at.tracker->reset_peak();
  at.figures.peaks.front().restart(at.figures.expected.bytes_in_use);
}

void forest::open_scope(tree_node& at) {
  const memory_usage& now = at.figures.expected;
  const auto peak = at.figures.peaks.emplace(at.figures.peaks.end());
  peak->restart(now.bytes_in_use);
  at.phases.push_back(
      {std::make_unique<usage_scope>(*at.tracker), now.bytes_in_use, now.allocations, peak});
}

void forest::close_scope(tree_node& at, std::size_t index) {
  if (index >= at.phases.size()) return;
  at.figures.peaks.erase(at.phases[index].peak);
  at.phases.erase(at.phases.begin() + static_cast<std::ptrdiff_t>(index));
}

void forest::reserve(tree_node& at, std::size_t bytes) {
  charge_by(at, {bytes, bytes}, [&] {
    at.reservations.emplace_back(*at.tracker, bytes);
    return true;
  });
}

void forest::try_reserve(tree_node& at, std::size_t bytes) {
  attempt wanted{bytes, bytes};
  wanted.asks_policies = false;
  charge_by(at, wanted, [&] {
    std::optional<memory_reservation> made = memory_reservation::try_reserve(*at.tracker, bytes);
    if (made) at.reservations.push_back(std::move(*made));
    return made.has_value();
  });
}

void forest::resize_reservation(tree_node& at, std::size_t index, std::size_t bytes) {
  if (index >= at.reservations.size()) return;
  memory_reservation& resized = at.reservations[index];
  const std::size_t before = resized.bytes();
  if (bytes > before) {
    charge_by(at, {bytes - before, bytes - before}, [&] {
      resized.resize(bytes);
      return true;
    });
  } else {
    resized.resize(bytes);
    take_off(at, {before - bytes, before - bytes, false});
  }
}

void forest::drop_reservation(tree_node& at, std::size_t index) {
  if (index >= at.reservations.size()) return;
  const std::size_t bytes = at.reservations[index].bytes();
  at.reservations.erase(at.reservations.begin() + static_cast<std::ptrdiff_t>(index));
  take_off(at, {bytes, bytes, false});
}

}  // namespace zpmr::test
