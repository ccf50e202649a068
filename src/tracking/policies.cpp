// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "base/check.hpp"

namespace zpmr {

limit_action hard_limit::on_limit(const limit_event&) {
  return limit_action::deny;
}

soft_limit::soft_limit(std::size_t limit, notifier notify)
    : fixed_limit(limit), notify_(std::move(notify)) {
  ZPMR_EXPECTS(notify_ != nullptr, "a soft_limit needs a function to notify");
}

limit_action soft_limit::on_limit(const limit_event&) {
  return limit_action::grant;
}

void soft_limit::on_overdraft(const limit_event& event) {
  notify_(event);
}

evicting_limit::evicting_limit(std::size_t limit, evictor evict, unsigned max_attempts)
    : fixed_limit(limit), evict_(std::move(evict)), max_attempts_(max_attempts) {
  ZPMR_EXPECTS(evict_ != nullptr, "an evicting_limit needs a function that evicts");
}

limit_action evicting_limit::on_limit(const limit_event& event) {
  if (event.attempt > max_attempts_) return limit_action::deny;
  return evict_(event) ? limit_action::retry : limit_action::deny;
}

namespace {

using clock = std::chrono::steady_clock;

/// The wait of this thread's last charge that had to. A charge may be asked about again, after
/// others took the room, and then goes on with the same wait.
struct wait {
  const waiting_limit* policy = nullptr;
  std::uint64_t charge = 0;
  clock::time_point end;
  clock::duration step{};
};
constinit thread_local wait last_wait;

}  // namespace

waiting_limit::waiting_limit(std::size_t limit, std::chrono::nanoseconds max_wait) noexcept
    : fixed_limit(limit), max_wait_(max_wait) {}

limit_action waiting_limit::on_limit(const limit_event& event) {
  const std::uint64_t charge = detail::this_thread.charges_asked;
  const clock::time_point now = clock::now();
  if (event.attempt == 1 || last_wait.policy != this || last_wait.charge != charge) {
    const auto wait = std::min<clock::duration>(max_wait_, clock::time_point::max() - now);
    last_wait = {this, charge, now + wait, std::chrono::microseconds{20}};
  }
  if (now >= last_wait.end) return limit_action::deny;
  std::this_thread::sleep_for(std::min(last_wait.step, last_wait.end - now));
  last_wait.step += last_wait.step / 8;
  return limit_action::retry;
}

limit_action aborting_limit::on_limit(const limit_event& event) {
  detail::fail("%s", limit_exceeded(event).what());
}

limit_action aborting_limit::on_out_of_memory(const limit_event& event) {
  detail::fail("out of memory for %zu bytes in tracker \"%.*s\", which has %zu in use",
               event.requested, static_cast<int>(event.tracker.name().size()),
               event.tracker.name().data(), event.bytes_in_use);
}

}  // namespace zpmr
