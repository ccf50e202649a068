// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <zpmr/counting_resource.hpp>
#include <zpmr/memory_tracker.hpp>

#include "faulty_allocator.hpp"

namespace zpmr::test::soak {

/// Asks an upstream that failed once more, and refuses what does not fit.
class patient_limit final : public limit_policy {
 public:
  explicit patient_limit(std::size_t limit = no_limit) : limit_(limit) {}

 private:
  std::size_t limit() const noexcept override { return limit_; }
  limit_action on_limit(const limit_event&) override { return limit_action::deny; }
  limit_action on_out_of_memory(const limit_event& event) override {
    return event.attempt == 1 ? limit_action::retry : limit_action::deny;
  }
  std::size_t limit_;
};

/// A tracker, and what it holds counted once more by a counter that knows nothing of zpmr: added
/// after a charge, and taken off before an uncharge, so never more than what is charged. Blocks and
/// children keep it alive, so it dies on whatever thread frees the last of them.
struct counted_tracker {
  counted_tracker(std::string_view name, limit_policy* policy, faulty_allocator& upstream)
      : tracker(name, policy), memory(&upstream, tracker) {}
  counted_tracker(std::string_view name, std::shared_ptr<counted_tracker> above,
                  limit_policy* policy, faulty_allocator& upstream)
      : parent(std::move(above)),
        depth(parent->depth + 1),
        may_refuse(parent->may_refuse),
        tracker(name, parent->tracker, policy),
        memory(&upstream, tracker) {}

  /// Returns: what the root now holds.
  std::size_t add(std::size_t bytes) {
    std::size_t held = 0;
    for (counted_tracker* each = this; each != nullptr; each = each->parent.get()) {
      held = each->exact += bytes;
    }
    return held;
  }
  void take_off(std::size_t bytes) {
    for (counted_tracker* each = this; each != nullptr; each = each->parent.get()) {
      each->exact -= bytes;
    }
  }

  const std::shared_ptr<counted_tracker> parent;
  const unsigned depth = 0;
  bool may_refuse = false;  // there is a limit that moves, here or above
  std::atomic<std::size_t> exact{0};
  memory_tracker tracker;
  counting_resource<faulty_allocator> memory;
};

}  // namespace zpmr::test::soak
