// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>
#include <zpmr/overdraft_scope.hpp>

namespace zpmr::test {

/// A few threads of which one works at a time: what they do is the same in every run.
class crew {
 public:
  static constexpr std::size_t size = 4;

  /// Effects: calls `deed` on that member, and waits. The first is the caller itself.
  void run(std::size_t member, const std::function<void()>& deed) {
    if (member == 0) return deed();
    worker& chosen = workers_[member - 1];
    if (!chosen.thread.joinable()) start(chosen);
    chosen.deed = &deed;
    hand_over(chosen, true);
    chosen.at_work.wait(true);
  }

  /// Effects: the member's thread ends; the next deed will find a new one.
  void replace(std::size_t member) {
    scopes(member).clear();  // where it works: see `run`
    if (member != 0) leaving_ = member;
  }
  /// Effects: called by nobody but the first, after a deed.
  void let_go() {
    if (leaving_ != 0) end(workers_[leaving_ - 1]);
    leaving_ = 0;
  }

  /// Returns: a number of the member's present thread, above 0.
  [[nodiscard]] unsigned number(std::size_t member) const {
    return member == 0 ? 1 : workers_[member - 1].number;
  }

  /// The member's own, made and dropped by itself.
  std::vector<std::unique_ptr<overdraft_scope>>& scopes(std::size_t member) {
    return member == 0 ? first_scopes_ : workers_[member - 1].scopes;
  }

  crew() = default;
  ~crew() {
    for (worker& each : workers_) end(each);
  }
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

 private:
  struct worker {
    std::thread thread;
    unsigned number = 0;
    const std::function<void()>* deed = nullptr;  // null: to end
    std::atomic<bool> at_work{false};
    std::vector<std::unique_ptr<overdraft_scope>> scopes;
  };

  static void hand_over(worker& to, bool work) {
    to.at_work = work;
    to.at_work.notify_one();
  }

  void start(worker& chosen) {
    chosen.number = ++last_number_;
    chosen.thread = std::thread([&chosen] {
      for (;;) {
        chosen.at_work.wait(false);
        if (chosen.deed == nullptr) break;
        (*chosen.deed)();
        hand_over(chosen, false);
      }
      chosen.scopes.clear();
    });
  }

  void end(worker& chosen) {
    if (!chosen.thread.joinable()) return;
    chosen.deed = nullptr;
    hand_over(chosen, true);
    chosen.thread.join();
    chosen.at_work = false;
  }

  std::array<worker, size - 1> workers_;
  std::vector<std::unique_ptr<overdraft_scope>> first_scopes_;
  unsigned last_number_ = 1;
  std::size_t leaving_ = 0;
};

}  // namespace zpmr::test
