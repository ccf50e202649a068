// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <utility>
#include <zpmr/limit_policy.hpp>

namespace zpmr::test {

/// A policy that answers as the test says, and counts how often it was called.
class scripted_policy final : public limit_policy {
 public:
  using answer = std::function<limit_action(const limit_event&)>;

  explicit scripted_policy(std::size_t limit_bytes, answer full = always(limit_action::deny))
      : when_full(std::move(full)), limit_(limit_bytes) {}

  static answer always(limit_action action) {
    return [action](const limit_event&) { return action; };
  }

  answer when_full;
  answer when_out_of_memory = always(limit_action::deny);
  std::function<void(const limit_event&)> when_overdrawn = [](const limit_event&) {};

  std::atomic<unsigned> questions{0};
  std::atomic<unsigned> crossings{0};
  std::atomic<unsigned> failures{0};

  std::size_t limit() const noexcept override { return limit_; }
  limit_action on_limit(const limit_event& event) override {
    ++questions;
    return when_full(event);
  }
  void on_overdraft(const limit_event& event) override {
    ++crossings;
    when_overdrawn(event);
  }
  limit_action on_out_of_memory(const limit_event& event) override {
    ++failures;
    return when_out_of_memory(event);
  }

 private:
  std::size_t limit_;
};

/// What a callback throws, when it is to fail.
struct callback_failed : std::runtime_error {
  callback_failed() : std::runtime_error("the callback failed") {}
};

// Common answers.
inline constexpr auto throws = [](const limit_event&) -> limit_action { throw callback_failed{}; };
inline const auto grants = scripted_policy::always(limit_action::grant);
inline const auto retries = scripted_policy::always(limit_action::retry);

}  // namespace zpmr::test
