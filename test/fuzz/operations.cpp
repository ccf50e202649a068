// SPDX-License-Identifier: MIT
#include "operations.hpp"

#include <cstddef>
#include <memory>
#include <vector>

#include "crew.hpp"
#include "forest.hpp"
#include "input.hpp"

namespace zpmr::test {

namespace {

/// Reads operations and has them done. Each is one byte, and one for each thing it has to choose.
class reader {
 public:
  explicit reader(std::span<const std::uint8_t> bytes) : input_(bytes) {
    checks_each_step_ = input_.below(2) == 0;
    grow();
  }

  void run() {
    while (!input_.ended()) {
      crew_.run(member_, [this] { work(); });
      crew_.let_go();
    }
    forest_.check();
  }

 private:
  static constexpr std::size_t most_trackers = 8;
  static constexpr std::size_t most_phases = 3;
  static constexpr std::size_t most_scopes = 3;
  static constexpr unsigned most_forks = 2;

  /// Goes on until another member is to.
  void work() {
    const std::size_t here = member_;
    while (!input_.ended() && member_ == here && !ended_) {
      forest_.work_on(crew_.number(here), !crew_.scopes(here).empty());
      step();
      if (checks_each_step_) forest_.check();
    }
    ended_ = false;
  }

  void step() {
    const std::size_t kind = input_.below(32);
    if (kind < 4) return use_threads(kind);
    if (kind == 4) return grow();
    if (kind == 5) return fell();
    tree_node& chosen = forest_.at(input_.below(forest_.size()));
    if (kind < 14) return charge(chosen, kind - 6);
    if (kind < 21) return free_one(chosen);
    return change(chosen, kind - 21);
  }

  void use_threads(std::size_t kind) {
    switch (kind) {
      case 0:
      case 1:
        member_ = input_.below(crew::size);
        break;
      case 2:
        crew_.replace(member_);
        ended_ = true;
        break;
      default:
        toggle_overdraft(crew_.scopes(member_));
    }
  }

  void toggle_overdraft(std::vector<std::unique_ptr<overdraft_scope>>& scopes) {
    if (input_.below(3) == 0 && scopes.size() < most_scopes) {
      scopes.push_back(std::make_unique<overdraft_scope>());
    } else if (!scopes.empty()) {
      scopes.pop_back();
    }
  }

  std::size_t limit() { return input_.below(8) == 0 ? unlimited : input_.size(); }

  void grow() {
    if (forest_.size() == most_trackers) return;
    const std::size_t above = input_.below(most_trackers);
    tree_node* const parent = above < forest_.size() ? &forest_.at(above) : nullptr;
    const auto kind = static_cast<policy_kind>(input_.below(policy_kinds));
    const std::size_t bytes = kind == policy_kind::none ? unlimited : limit();
    forest_.grow(parent, kind, bytes, static_cast<unsigned>(input_.below(3)));
  }

  void fell() {
    if (forest_.size() > 1) forest_.fell(input_.below(forest_.size()));
  }

  void charge(tree_node& at, std::size_t kind) {
    const std::size_t bytes = input_.size();
    switch (kind) {
      case 0:
        return forest_.charge(at, bytes);
      case 1:
        return forest_.try_charge(at, bytes);
      case 2:
        return forest_.charge_block(at, bytes);
      case 3:
        return forest_.charge_and_cancel(at, bytes);
      case 4:
        return forest_.reserve(at, bytes);
      case 5:
        return forest_.try_reserve(at, bytes);
      case 6:
        return forest_.allocate(at, real(bytes), alignment(),
                                static_cast<unsigned>(input_.below(4)));
      default:
        return forest_.allocate_from_libc(at, real(bytes), alignment());
    }
  }

  /// Not more than a machine has, many times over.
  static std::size_t real(std::size_t bytes) {
    constexpr std::size_t most = std::size_t{64} << 10;
    return bytes == input::impossible ? bytes : bytes % most;
  }
  std::size_t alignment() { return std::size_t{1} << input_.below(9); }

  void free_one(tree_node& at) {
    if (!at.held.empty()) forest_.free_one(at, input_.below(256) % at.held.size());
  }

  void change(tree_node& at, std::size_t kind) {
    switch (kind) {
      case 0:
        return forest_.set_limit(at, limit());
      case 1:
      case 2:
        return forest_.try_set_limit(at, limit());
      case 3:
        return forest_.reset_peak(at);
      case 4:
        return at.phases.size() < most_phases ? forest_.open_scope(at) : void();
      case 5:
        return forest_.close_scope(at, input_.below(most_phases));
      case 6:
        return forest_.resize_reservation(at, input_.below(4), input_.size() % PTRDIFF_MAX);
      case 7:
        return forest_.drop_reservation(at, input_.below(4));
      case 8:
        return forks_++ < most_forks ? forest_.check_in_child(at) : void();
      default:
        return forest_.check();
    }
  }

  input input_;
  forest forest_;
  crew crew_;
  bool checks_each_step_;
  bool ended_ = false;  // the thread of the member at work
  std::size_t member_ = 0;
  unsigned forks_ = 0;
};

}  // namespace

void do_operations(std::span<const std::uint8_t> bytes) {
  reader(bytes).run();
}

}  // namespace zpmr::test
