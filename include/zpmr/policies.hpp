// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <zpmr/export.hpp>
#include <zpmr/limit_exceeded.hpp>
#include <zpmr/limit_policy.hpp>

/// \file
/// The ready policies: refuse, tell and let pass, evict, wait, abort.
///
/// Thread safety: every function may be called from any thread. What a policy is given to call must
/// bear the same.
///
/// \snippet tenant_budgets.cpp example

namespace zpmr {

namespace detail {
/// What the ready policies have in common: a number.
class ZPMR_EXPORT fixed_limit : public limit_policy {
 public:
  explicit fixed_limit(std::size_t limit) noexcept : limit_(limit) {}
  [[nodiscard]] std::size_t limit() const noexcept final { return limit_; }

 private:
  std::size_t limit_;
};
}  // namespace detail

/// Refuses: what does not fit throws `limit_exceeded`.
class ZPMR_EXPORT hard_limit final : public detail::fixed_limit {
 public:
  /// Effects: makes a policy with a limit of so many bytes.
  explicit hard_limit(std::size_t limit) noexcept : fixed_limit(limit) {}
  limit_action on_limit(const limit_event& event) override;
};

/// Lets pass, and tells: `notify` is called once each time a tracker goes over its limit.
class ZPMR_EXPORT soft_limit final : public detail::fixed_limit {
 public:
  using notifier = std::function<void(const limit_event&)>;

  /// Preconditions: `notify` is not empty.
  soft_limit(std::size_t limit, notifier notify);
  limit_action on_limit(const limit_event& event) override;
  void on_overdraft(const limit_event& event) override;

 private:
  notifier notify_;
};

/// Evicts and tries again until the charge fits: Redis's `maxmemory` loop. `evict` frees something
/// and returns true, or returns false when there is nothing left to free; then the charge is
/// refused. It should return false where `requested` is more than `limit`, as no eviction helps. It
/// must not touch the container whose operation made the charge; see `limit_policy`.
class ZPMR_EXPORT evicting_limit final : public detail::fixed_limit {
 public:
  using evictor = std::function<bool(const limit_event&)>;

  /// Preconditions: `evict` is not empty. `max_attempts` bounds the questions of one charge, those
  /// to other trackers on its path included; they are at most 1,000 in any case.
  evicting_limit(std::size_t limit, evictor evict, unsigned max_attempts = 1000);
  limit_action on_limit(const limit_event& event) override;

 private:
  evictor evict_;
  unsigned max_attempts_;
};

/// Waits while other threads free, and refuses when `max_wait` is over. It polls: at first every 20
/// microseconds, and an eighth longer each time.
class ZPMR_EXPORT waiting_limit final : public detail::fixed_limit {
 public:
  /// Effects: makes a policy with a limit of so many bytes.
  waiting_limit(std::size_t limit, std::chrono::nanoseconds max_wait) noexcept;
  limit_action on_limit(const limit_event& event) override;

 private:
  std::chrono::nanoseconds max_wait_;
};

/// Ends the program with one line on stderr, at the limit and when memory runs out: zmalloc's way.
class ZPMR_EXPORT aborting_limit final : public detail::fixed_limit {
 public:
  /// Effects: makes a policy with a limit of so many bytes.
  explicit aborting_limit(std::size_t limit) noexcept : fixed_limit(limit) {}
  limit_action on_limit(const limit_event& event) override;
  limit_action on_out_of_memory(const limit_event& event) override;
};

}  // namespace zpmr
