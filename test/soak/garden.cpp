// SPDX-License-Identifier: MIT
#include "garden.hpp"

namespace zpmr::test::soak {

garden::garden(std::size_t cap, faulty_allocator& upstream)
    : upstream_(upstream),
      cap_(cap),
      root_(std::make_shared<counted_tracker>("root", &cap_, upstream)) {
  for (std::size_t i = 0; i < branches; ++i) {
    branches_[i] = std::make_shared<counted_tracker>("branch", root_, nullptr, upstream);
    branches_[i]->may_refuse = moves(i);
  }
  random_engine random{1};
  for (place& each : places_) each.grown = plant(random);
}

garden::tracker_ptr garden::read(place& from) {
  const std::scoped_lock lock(from.mutex);
  return from.grown;
}

garden::tracker_ptr garden::pick(random_engine& random) {
  return read(places_[random() % places_.size()]);
}

garden::tracker_ptr garden::plant(random_engine& random) {
  constexpr unsigned deepest = 5;
  tracker_ptr above = random() % 2 == 0 ? pick(random) : nullptr;
  if (above == nullptr || above->depth == deepest) above = branches_[random() % branches];
  limit_policy* const policy = random() % 2 == 0 ? &patient_ : nullptr;
  return std::make_shared<counted_tracker>("leaf", std::move(above), policy, upstream_);
}

void garden::replant(random_engine& random) {
  tracker_ptr planted = plant(random);
  place& chosen = places_[random() % places_.size()];
  const std::scoped_lock lock(chosen.mutex);
  chosen.grown.swap(planted);  // the old one goes after the lock, as members are in this order
}

}  // namespace zpmr::test::soak
