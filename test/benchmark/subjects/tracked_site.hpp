// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <zpmr/counting_resource.hpp>
#include <zpmr/literals.hpp>
#include <zpmr/policies.hpp>

#include "../site.hpp"

namespace zpmr::bench {

using namespace zpmr::literals;

enum class cap {
  none,
  far,          ///< of more than the machine has, on every level
  nearly_full,  ///< 99 % of it is in use
};

/// How a subject is tracked.
struct arrangement {
  std::size_t depth;  ///< of the tree of trackers; all leaves share the path above them
  cap limit;
};

/// Counting resources over one upstream, each with a leaf of one tree, or with a tracker of its own
/// where the depth is 1.
template <class Upstream, class Memory>
class tracked_site final : public site<Memory> {
 public:
  tracked_site(Upstream* upstream, const arrangement& shape, const demand& needs)
      : ballast_(shape.limit == cap::nearly_full ? ballast_bytes : 0),
        policy_(limit_bytes(shape.limit, needs)) {
    limit_policy* const policy = shape.limit == cap::none ? nullptr : &policy_;
    memory_tracker* inner = nullptr;
    for (std::size_t level = 1; level < shape.depth; ++level) inner = &add_tracker(inner, policy);
    for (std::size_t i = 0; i < needs.memories; ++i) {
      auto& memory = inner == nullptr
                         ? memories_.emplace_back(upstream, "tracker", policy)
                         : memories_.emplace_back(upstream, add_tracker(inner, policy));
      memory.tracker().charge(ballast_);
    }
  }

  ~tracked_site() override {
    for (auto& memory : memories_) memory.tracker().uncharge(ballast_);
    memories_.clear();
    while (!trackers_.empty()) trackers_.pop_back();  // the children first
  }

  Memory& memory(std::size_t index) override { return memories_[index]; }
  [[nodiscard]] std::size_t bytes_in_use() const override {
    return trackers_.empty() ? memories_.front().bytes_in_use() : trackers_.front().bytes_in_use();
  }

 private:
  // So much that the last 1 % holds what a work's use may vary by.
  static constexpr std::size_t ballast_bytes = 256_MiB;

  static std::size_t limit_bytes(cap limit, const demand& needs) {
    return limit == cap::nearly_full ? (ballast_bytes + needs.live_bytes) / 99 * 100 : 1024_GiB;
  }

  memory_tracker& add_tracker(memory_tracker* parent, limit_policy* policy) {
    return parent != nullptr ? trackers_.emplace_back("tracker", *parent, policy)
                             : trackers_.emplace_back("tracker", policy);
  }

  std::size_t ballast_;
  hard_limit policy_;
  std::deque<memory_tracker> trackers_;
  std::deque<counting_resource<Upstream>> memories_;
};

/// Returns: what makes such a site. `Memory` is what the counting resource is called as.
template <class Memory = std::pmr::memory_resource, class Upstream>
auto tracked(Upstream* upstream, const arrangement& shape) {
  return [=](const demand& needs) {
    return std::make_unique<tracked_site<Upstream, Memory>>(upstream, shape, needs);
  };
}

}  // namespace zpmr::bench
