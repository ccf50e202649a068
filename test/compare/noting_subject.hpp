// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory_resource>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "player.hpp"
#include "step.hpp"
#include "subject.hpp"

/// \file
/// A subject that notes how a replay treats it, and steps to replay on it.

namespace zpmr::test {

/// Notes who allocates and frees what, and does something before each allocation.
class noting_resource final : public std::pmr::memory_resource {
 public:
  std::function<void()> before_allocating = [] {};
  std::map<void*, std::pair<std::size_t, std::size_t>> live;
  std::set<std::thread::id> threads;
  std::size_t mistakes = 0;
  std::size_t untouched = 0;
  std::size_t operations = 0;
  std::vector<std::ptrdiff_t> order;  ///< bytes that were allocated, and negative: freed

  noting_resource() = default;
  ~noting_resource() override {
    for (const auto& [block, size] : live) {
      std::pmr::new_delete_resource()->deallocate(block, size.first, size.second);
    }
  }
  noting_resource(const noting_resource&) = delete;
  noting_resource& operator=(const noting_resource&) = delete;

 private:
  void note() {
    threads.insert(std::this_thread::get_id());
    ++operations;
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    before_allocating();
    const std::lock_guard lock(mutex_);
    note();
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    if (bytes > 0) static_cast<unsigned char*>(block)[bytes - 1] = 0;
    live[block] = {bytes, alignment};
    order.push_back(static_cast<std::ptrdiff_t>(bytes));
    return block;
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    note();
    if (!live.contains(block) || live[block] != std::pair(bytes, alignment)) ++mistakes;
    if (bytes > 0 && static_cast<unsigned char*>(block)[bytes - 1] == 0) ++untouched;
    live.erase(block);
    order.push_back(-static_cast<std::ptrdiff_t>(bytes));
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }

  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::mutex mutex_;
};

class noting_subject final : public compare::subject {
 public:
  noting_resource memory;

  std::chrono::nanoseconds play(std::span<const compare::step> steps,
                                compare::block_places& places) override {
    return compare_play(steps, places, bare());
  }
  std::chrono::nanoseconds play(std::span<const compare::step> steps, compare::block_places& places,
                                compare::latencies& times) override {
    return compare_play(steps, places,
                        compare::timed_operations<std::pmr::memory_resource>{bare(), times});
  }
  compare::release_result release(std::size_t) override {
    return compare::release_result::impossible;
  }

 private:
  compare::bare_operations<std::pmr::memory_resource> bare() { return {memory}; }

  template <class Operations>
  static std::chrono::nanoseconds compare_play(std::span<const compare::step> steps,
                                               compare::block_places& places, Operations on) {
    return compare::play(steps, places, on);
  }
};

inline std::vector<compare::step> pairs(std::size_t count, std::uint32_t place) {
  std::vector<compare::step> steps;
  for (std::size_t i = 0; i < count; ++i) {
    steps.push_back({i * 37 % 9000, place, compare::action::allocate, 4});
    steps.push_back({i * 37 % 9000, place, compare::action::free, 4});
  }
  return steps;
}

/// A batch of two threads: the first one allocates what the second one frees.
inline std::vector<compare::step> hand_overs(std::uint32_t count) {
  std::vector<compare::step> steps;
  for (const compare::action what :
       {compare::action::allocate_and_hand_over, compare::action::take_over_and_free}) {
    for (std::uint32_t i = 0; i < count; ++i) steps.push_back({i, i, what, 3});
  }
  return steps;
}

}  // namespace zpmr::test
