// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

namespace zpmr::test::soak {

/// What was done, and what went wrong.
struct tally {
  std::uint64_t rounds = 0;
  std::uint64_t threads = 0;
  std::uint64_t operations = 0;
  std::uint64_t freed_elsewhere = 0;
  std::uint64_t faults = 0;
  std::uint64_t trackers = 0;
  std::uint64_t limits_moved = 0;
  std::uint64_t refused_at_moved_limits = 0;
  std::uint64_t forks = 0;
  std::uint64_t reads = 0;
  std::uint64_t cap_attempts = 0;
  std::uint64_t cap_refusals = 0;

  std::uint64_t caps_passed = 0;
  std::uint64_t false_refusals = 0;
  std::uint64_t wrong_figures = 0;
  std::uint64_t wrong_in_child = 0;
  std::uint64_t leaked_blocks = 0;

  struct line {
    const char* label;
    std::uint64_t tally::*figure;
    bool is_fault;
  };
  static const std::array<line, 17> lines;

  void add(const tally& other) {
    for (const line& each : lines) this->*each.figure += other.*each.figure;
  }
  [[nodiscard]] bool is_good() const {
    for (const line& each : lines) {
      if (each.is_fault && this->*each.figure != 0) return false;
    }
    return true;
  }
};

inline constexpr std::array<tally::line, 17> tally::lines{{
    {"rounds", &tally::rounds, false},
    {"threads started", &tally::threads, false},
    {"operations", &tally::operations, false},
    {"of these, frees of another thread's blocks", &tally::freed_elsewhere, false},
    {"upstream allocations that failed", &tally::faults, false},
    {"trackers made and destroyed", &tally::trackers, false},
    {"limits moved", &tally::limits_moved, false},
    {"charges refused at moved limits", &tally::refused_at_moved_limits, false},
    {"forks", &tally::forks, false},
    {"reads while threads ran", &tally::reads, false},
    {"contended attempts at a cap", &tally::cap_attempts, false},
    {"of these, refused", &tally::cap_refusals, false},
    {"caps passed", &tally::caps_passed, true},
    {"charges refused that fitted", &tally::false_refusals, true},
    {"wrong figures", &tally::wrong_figures, true},
    {"wrong in a child process", &tally::wrong_in_child, true},
    {"blocks leaked", &tally::leaked_blocks, true},
}};

/// The sum of what threads have done. Thread safety: any thread.
class shared_tally {
 public:
  void add(const tally& more) {
    const std::scoped_lock lock(mutex_);
    sum_.add(more);
  }
  [[nodiscard]] tally sum() const {
    const std::scoped_lock lock(mutex_);
    return sum_;
  }

 private:
  mutable std::mutex mutex_;
  tally sum_;
};

}  // namespace zpmr::test::soak
