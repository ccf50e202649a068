// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <zpmr/policies.hpp>

#include "charge_watch.hpp"

namespace zpmr::test {

enum class policy_kind : std::uint8_t { none, hard, soft, evicting, throwing, throwing_late };
inline constexpr std::size_t policy_kinds = 6;

/// A ready policy whose every call is seen by the watch of the present charge; or one that throws.
class watched_policy final : public limit_policy {
 public:
  /// `evict` frees something of the tracker, or returns false; `watch` is where to find the watch
  /// of the present charge.
  watched_policy(policy_kind kind, std::size_t limit, unsigned patience, account& of,
                 charge_watch*& watch, std::function<bool()> evict)
      : kind_(kind), limit_(limit), patience_(patience), of_(of), watch_(watch) {
    const auto evictor = [evict = std::move(evict)](const limit_event&) { return evict(); };
    const auto notify = [this](const limit_event&) { watch_->tell(of_); };
    if (kind == policy_kind::hard) ready_ = std::make_unique<hard_limit>(limit);
    if (kind == policy_kind::soft) ready_ = std::make_unique<soft_limit>(limit, notify);
    if (kind == policy_kind::evicting) ready_ = std::make_unique<evicting_limit>(limit, evictor);
  }

  /// Of how many failures of an upstream in a row it makes nothing.
  [[nodiscard]] unsigned patience() const { return patience_; }

 private:
  std::size_t limit() const noexcept override { return limit_; }

  limit_action on_limit(const limit_event& event) override {
    watch_->ask(of_, event);
    if (kind_ == policy_kind::throwing) throw thrown_by_policy{};
    const limit_action answer = ready_ ? ready_->on_limit(event) : limit_action::grant;
    if (answer == limit_action::grant) watch_->granted(of_);
    return answer;
  }

  void on_overdraft(const limit_event& event) override {
    if (kind_ == policy_kind::throwing_late) {
      watch_->taken_back();
      throw thrown_by_policy{};
    }
    ready_->on_overdraft(event);
  }

  limit_action on_out_of_memory(const limit_event& event) override {
    const account& charged = watch_->at();
    expect(&charged == &of_, "where memory runs out the charged tracker's policy is asked");
    expect(event.requested == watch_->bytes(), "a policy is told the bytes of the block");
    expect(event.bytes_in_use == charged.expected.bytes_in_use + watch_->bytes(),
           "what is in use includes the block that is not there yet");
    return event.attempt <= patience_ ? limit_action::retry : limit_action::deny;
  }

  policy_kind kind_;
  std::size_t limit_;
  unsigned patience_;
  account& of_;
  charge_watch*& watch_;
  std::unique_ptr<limit_policy> ready_;
};

}  // namespace zpmr::test
