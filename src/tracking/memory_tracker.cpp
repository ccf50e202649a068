// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>
#include <utility>
#include <zpmr/memory_tracker.hpp>

#include "base/check.hpp"

namespace zpmr {

namespace {

/// While one lives a policy is running on this thread: its charges ask no further policy.
class policy_call {
 public:
  policy_call() noexcept { ++detail::this_thread.policy_calls; }
  ~policy_call() { --detail::this_thread.policy_calls; }
  policy_call(const policy_call&) = delete;
  policy_call& operator=(const policy_call&) = delete;
};

limit_action ask(limit_policy* policy, const limit_event& event) {
  if (policy == nullptr) return limit_action::deny;
  const policy_call call;
  return policy->on_limit(event);
}

}  // namespace

struct memory_tracker::grant : detail::overdraft_grant {
  const limit_event& event;
  limit_policy& policy;
};

memory_tracker::memory_tracker(std::string_view name, limit_policy* policy)
    : memory_tracker(name, nullptr, policy) {}

memory_tracker::memory_tracker(std::string_view name, memory_tracker& parent, limit_policy* policy)
    : memory_tracker(name, &parent, policy) {}

memory_tracker::memory_tracker(std::string_view name, memory_tracker* parent, limit_policy* policy)
    : node(parent, policy != nullptr ? policy->limit() : no_limit), name_(name), policy_(policy) {
  join();
}

memory_tracker::~memory_tracker() {
  if constexpr (ZPMR_CHECKED) {
    if (children().first.load(std::memory_order_relaxed) != nullptr) {
      detail::fail("tracker \"%s\" is destroyed before its children", name_.c_str());
    }
    if (const std::size_t left = bytes_in_use()) {
      detail::fail("tracker \"%s\" is destroyed while %zu bytes are in use", name_.c_str(), left);
    }
  }
  leave();
}

bool memory_tracker::try_charge(std::size_t bytes) noexcept {
  if (bytes > PTRDIFF_MAX) return false;
  const detail::amount amount{bytes, bytes, 0};
  bool stored;
  if (charge_quickly(amount, stored)) return true;
  detail::charge_manner manner;
  const bool fitted = !node::charge_slowly(amount, stored, nullptr, manner);
  if (!fitted) count_denied();
  return fitted;
}

detail::charge_manner memory_tracker::charge_slowly(detail::amount amount, bool stored) {
  detail::charge_manner manner;
  if (const auto denied = charge_or_deny(amount, stored, manner)) throw limit_exceeded(*denied);
  return manner;
}

/// Calls itself for each grant, so that the grants lie on the stack, however many there are.
std::optional<limit_event> memory_tracker::charge_or_deny(detail::amount amount, bool stored,
                                                          detail::charge_manner& manner,
                                                          unsigned attempt, grant* granted) {
  while (const std::optional<detail::refusal> refused =
             node::charge_slowly(amount, std::exchange(stored, false), granted, manner)) {
    const limit_event event = event_of(*refused, amount.bytes, attempt, granted);
    limit_policy* const policy = event.tracker.policy_to_ask(attempt);
    if (attempt == 1) ++detail::this_thread.charges_asked;
    switch (ask(policy, event)) {
      case limit_action::retry:
        ++attempt;
        break;
      case limit_action::grant: {
        grant here{{event.tracker, granted}, event, *policy};
        return charge_or_deny(amount, false, manner, attempt + 1, &here);
      }
      case limit_action::deny:
        count_denied();
        return event;
    }
  }
  tell_of_overdrafts(granted, amount, manner);
  return std::nullopt;
}

/// A tracker that the charge would not fit if nothing were in use, and that has not granted it, is
/// asked before one that is only full and may evict in vain.
limit_event memory_tracker::event_of(const detail::refusal& refused, std::size_t bytes,
                                     unsigned attempt, const grant* granted) const noexcept {
  const auto& full = static_cast<const memory_tracker&>(*refused.full);
  const bool full_may_fit = bytes <= refused.limit;
  for (const memory_tracker* each = this; full_may_fit && each != nullptr; each = each->parent()) {
    if (bytes > each->limit() && !detail::is_granted(granted, *each)) {
      return {*each, bytes, each->bytes_in_use(), each->limit(), attempt};
    }
  }
  return {full, bytes, refused.bytes_in_use, refused.limit, attempt};
}

void memory_tracker::tell_of_overdrafts(const grant* granted, detail::amount amount,
                                        detail::charge_manner manner) {
  try {
    for (; granted != nullptr; granted = static_cast<const grant*>(granted->earlier)) {
      if (!granted->crossed) continue;
      const policy_call call;
      granted->policy.on_overdraft(granted->event);
    }
  } catch (...) {
    cancel(amount, manner);
    throw;
  }
}

void memory_tracker::uncharge_slowly(std::size_t bytes, std::size_t requested_bytes,
                                     std::uint64_t operations, bool stored) noexcept {
  const std::size_t surplus = node::uncharge_slowly({bytes, requested_bytes, operations}, stored);
  if (ZPMR_CHECKED && surplus != 0) {
    detail::fail("tracker \"%s\": %zu bytes are uncharged, but only %zu are in use", name_.c_str(),
                 bytes, bytes - surplus);
  }
}

limit_policy* memory_tracker::policy_to_ask(unsigned attempt) const noexcept {
  constexpr unsigned most_attempts = 1000;
  const bool may_ask = attempt <= most_attempts && detail::this_thread.policy_calls == 0 &&
                       detail::this_thread.overdraft_scopes == 0;
  // Acquire: what the thread that set the policy has written to it.
  return may_ask ? policy_.load(std::memory_order_acquire) : nullptr;
}

bool memory_tracker::retry_out_of_memory(detail::amount amount, unsigned attempt) const {
  limit_policy* const policy = policy_to_ask(attempt);
  if (policy == nullptr) return false;
  const policy_call call;
  return policy->on_out_of_memory({*this, amount.bytes, bytes_in_use(), limit(), attempt}) ==
         limit_action::retry;
}

std::size_t memory_tracker::remaining() const noexcept {
  std::size_t least = no_limit;
  for (const memory_tracker* each = this; each != nullptr; each = each->parent()) {
    const std::size_t limit = each->limit();
    if (limit == no_limit) continue;
    least = std::min(least, limit - std::min(limit, each->bytes_in_use()));
  }
  return least;
}

limit_policy* memory_tracker::set_policy(limit_policy* policy) noexcept {
  // Release: what this thread has written to the new policy; acquire: what others did to the old
  // one.
  return policy_.exchange(policy, std::memory_order_acq_rel);
}

}  // namespace zpmr
