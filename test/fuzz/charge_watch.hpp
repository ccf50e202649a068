// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>
#include <zpmr/limit_policy.hpp>

#include "account.hpp"
#include "expect.hpp"

namespace zpmr::test {

/// What a policy of the test throws.
struct thrown_by_policy {};

/// Follows one charge: are the right policies asked, of the right facts, and told of each crossing
/// once; and is the outcome right?
class charge_watch {
 public:
  charge_watch(account& at, std::size_t bytes, bool generous, bool asks_policies)
      : at_(at), bytes_(bytes), generous_(generous), asks_policies_(asks_policies) {}

  /// A policy of `asked` is about to decide.
  void ask(const account& asked, const limit_event& event) {
    expect(asks_policies_, "a try asks no policy");
    expect(!generous_, "no policy is asked within an overdraft_scope");
    expect(&asked == full(), "the tracker that decides is asked");
    expect(event.attempt == ++questions_, "attempts are counted from 1");
    expect(event.requested == bytes_, "a policy is told the bytes of the charge");
    expect(event.bytes_in_use == asked.expected.bytes_in_use, "a policy is told what is in use");
    expect(event.limit == asked.expected.limit, "a policy is told the limit");
  }
  void granted(const account& by) { granted_.push_back(&by); }

  /// A policy of `crossed` is told of an overdraft.
  void tell(const account& crossed) {
    expect(crossed.expected.bytes_in_use <= crossed.expected.limit && !crossed.fits(bytes_),
           "an overdraft is told where the charge went over the limit");
    ++told_;
  }

  /// An overdraft's notice is about to throw: the charge was there, and is taken back.
  void taken_back() { was_added_ = true; }
  [[nodiscard]] bool was_added() const { return was_added_; }

  /// Called when the charge has passed, before the model follows. Returns: whether it fitted.
  bool pass() const {
    expect(generous_ || full() == nullptr, "a charge passes that fits or is granted");
    const auto crossings = std::count_if(granted_.begin(), granted_.end(), [](const account* each) {
      return each->expected.bytes_in_use <= each->expected.limit;
    });
    expect(told_ == crossings, "each overdraft is told once");
    return fits();
  }
  void refuse() const { expect(!generous_ && full() != nullptr, "a charge is refused that fits"); }

  [[nodiscard]] bool fits() const {
    bool fits = true;
    for_path(at_, [&](const account& each) { fits = fits && each.fits(bytes_); });
    return fits;
  }
  /// Returns: of the trackers of the path that neither fit nor have granted, the first whose limit
  /// is less than the charge, or else the first.
  [[nodiscard]] const account* full() const {
    const account* first = nullptr;
    for (const account* each = &at_; each != nullptr; each = each->parent) {
      if (each->fits(bytes_) || let_pass(*each)) continue;
      if (bytes_ > each->expected.limit) return each;
      if (first == nullptr) first = each;
    }
    return first;
  }
  [[nodiscard]] account& at() const { return at_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] bool let_pass(const account& full) const {
    return std::find(granted_.begin(), granted_.end(), &full) != granted_.end();
  }

  account& at_;
  std::size_t bytes_;
  bool generous_;
  bool asks_policies_;
  unsigned questions_ = 0;
  std::vector<const account*> granted_;
  std::ptrdiff_t told_ = 0;
  bool was_added_ = false;
};

}  // namespace zpmr::test
