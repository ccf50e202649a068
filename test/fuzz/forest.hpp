// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <memory_resource>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/libc_resource.hpp>
#include <zpmr/memory_tracker.hpp>

#include "account.hpp"
#include "charge_watch.hpp"
#include "support/rounding_allocator.hpp"
#include "watched_policy.hpp"

namespace zpmr::test {

/// What is charged at a tracker, and how it is to be taken off.
struct holding {
  std::size_t usable;
  std::size_t requested;
  bool is_block;
  std::pmr::memory_resource* from = nullptr;  // null: charged by hand
  void* block = nullptr;
  std::size_t alignment = 1;
};

/// A tracker, what is expected of it, and what uses it.
struct tree_node {
  account figures;
  std::unique_ptr<watched_policy> policy;
  std::unique_ptr<memory_tracker> tracker;
  std::unique_ptr<counting_resource<>> rounded;
  std::unique_ptr<counting_resource<libc_resource>> from_libc;
  std::vector<holding> held;

  struct phase {
    std::unique_ptr<usage_scope> scope;
    std::size_t start_bytes;
    std::uint64_t start_allocations;
    std::list<peak_range>::iterator peak;
  };
  std::vector<phase> phases;
  std::vector<memory_reservation> reservations;
};

/// Trackers and their model. Each operation is done with both, and what the library returns is held
/// against the model.
class forest {
 public:
  forest() = default;
  ~forest();
  forest(const forest&) = delete;
  forest& operator=(const forest&) = delete;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] tree_node& at(std::size_t index) { return *nodes_[index]; }

  /// Which thread works from now on, and whether within an `overdraft_scope`.
  void work_on(unsigned thread, bool generous);

  void grow(tree_node* parent, policy_kind kind, std::size_t limit, unsigned patience);
  void fell(std::size_t index);

  void charge(tree_node& at, std::size_t bytes);
  void try_charge(tree_node& at, std::size_t bytes);
  void charge_block(tree_node& at, std::size_t bytes);
  void charge_and_cancel(tree_node& at, std::size_t bytes);
  /// The upstream fails so many times first.
  void allocate(tree_node& at, std::size_t bytes, std::size_t alignment, unsigned failures);
  void allocate_from_libc(tree_node& at, std::size_t bytes, std::size_t alignment);
  /// Returns: false if nothing is held there.
  bool free_one(tree_node& at, std::size_t index);

  void reserve(tree_node& at, std::size_t bytes);
  void try_reserve(tree_node& at, std::size_t bytes);
  void resize_reservation(tree_node& at, std::size_t index, std::size_t bytes);
  void drop_reservation(tree_node& at, std::size_t index);

  void set_limit(tree_node& at, std::size_t bytes);
  void try_set_limit(tree_node& at, std::size_t bytes);
  void reset_peak(tree_node& at);
  void open_scope(tree_node& at);
  void close_scope(tree_node& at, std::size_t index);

  /// Effects: reads every figure of every tracker.
  void check() const;
  /// Effects: the same in a child process, which goes on from there.
  void check_in_child(tree_node& at) const;

 private:
  /// What is done, with what the model has to know.
  struct attempt {
    std::size_t usable;
    std::size_t requested;
    bool is_block = false;
    bool is_kept = true;
    bool upstream_fails = false;
    bool asks_policies = true;
  };
  bool charge_by(tree_node& at, const attempt& wanted, const std::function<bool()>& deed);
  bool settle_pass(const attempt& wanted, bool out_of_memory);
  void allocate_by(tree_node& at, holding wanted, bool upstream_fails);
  void take_off(tree_node& at, const holding& gone);

  std::vector<std::unique_ptr<tree_node>> nodes_;
  rounding_allocator upstream_;
  charge_watch* watch_ = nullptr;  // of the charge in progress
  unsigned thread_ = 1;
  bool generous_ = false;
};

}  // namespace zpmr::test
