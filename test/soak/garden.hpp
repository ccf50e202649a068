// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "counted_tracker.hpp"

namespace zpmr::test::soak {

/// A tree whose leaves come and go while threads use it: a root with a cap, four branches, of which
/// two have limits that are moved, and below them trackers that any thread may replace. Thread
/// safety: any thread.
class garden {
 public:
  using tracker_ptr = std::shared_ptr<counted_tracker>;
  static constexpr std::size_t branches = 4;

  garden(std::size_t cap, faulty_allocator& upstream);

  [[nodiscard]] counted_tracker& root() const { return *root_; }
  [[nodiscard]] counted_tracker& branch(std::size_t index) const { return *branches_[index]; }
  /// Returns: whether the limit of a branch may be moved.
  [[nodiscard]] static bool moves(std::size_t branch) { return branch % 2 == 1; }

  [[nodiscard]] tracker_ptr pick(random_engine& random);
  /// Effects: puts a new tracker in the place of one, below a branch or another leaf. The old one
  /// goes when nothing is in use there.
  void replant(random_engine& random);

 private:
  struct place {
    std::mutex mutex;
    tracker_ptr grown;
  };

  static tracker_ptr read(place& from);
  tracker_ptr plant(random_engine& random);

  faulty_allocator& upstream_;
  patient_limit cap_;
  patient_limit patient_;
  tracker_ptr root_;
  std::array<tracker_ptr, branches> branches_;
  std::array<place, 32> places_;
};

}  // namespace zpmr::test::soak
