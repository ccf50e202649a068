// SPDX-License-Identifier: MIT
#include "zmalloc/zmalloc_charge.hpp"

#include <zpmr/limit_policy.hpp>
#include <zpmr/overdraft_scope.hpp>

namespace zpmr::detail {

namespace {

bool is_limited(const memory_tracker& tracker) noexcept {
  for (const memory_tracker* each = &tracker; each != nullptr; each = each->parent()) {
    if (each->limit() != no_limit) return true;
  }
  return false;
}

}  // namespace

zmalloc_charge::zmalloc_charge(amount wanted, progress so_far) noexcept
    : wanted_(wanted), state_(begin(so_far)) {}

zmalloc_charge::zmalloc_charge(amount wanted, question asks) noexcept
    : wanted_(wanted), asks_(asks), state_(begin(progress::none)) {}

zmalloc_charge::~zmalloc_charge() {
  if (state_ == state::made) tracker().cancel(wanted_, manner_);
}

zmalloc_charge::state zmalloc_charge::begin(progress so_far) noexcept {
  if (so_far == progress::made) return state::made;
  const bool stored = so_far == progress::stored;
  if (!stored && !is_limited(tracker())) return state::due;
  return charge(wanted_, stored, manner_) ? state::made : state::refused;
}

bool zmalloc_charge::charge(amount wanted, bool stored, charge_manner& manner) const noexcept {
  if (!stored && tracker().charge_quickly(wanted, stored)) return true;
  try {
    if (asks_ == question::to_policies) return !tracker().charge_or_deny(wanted, stored, manner);
    return !tracker().node::charge_slowly(wanted, stored, nullptr, manner);
  } catch (...) {
    return false;
  }
}

bool zmalloc_charge::retry_out_of_memory(unsigned attempt) const noexcept {
  try {
    return asks_ == question::to_policies && tracker().retry_out_of_memory(wanted_, attempt);
  } catch (...) {
    return false;
  }
}

bool zmalloc_charge::keep(std::size_t bytes) noexcept {
  const bool is_charged = state_ == state::made;
  const std::size_t charged = is_charged ? wanted_.bytes : 0;
  if (bytes < charged) take_off(part_of_block(charged - bytes));
  if (bytes > charged) {
    charge_manner manner;  // nobody undoes it
    const amount rest{bytes - charged, bytes - charged, is_charged ? 0 : wanted_.operations};
    if (!charge(rest, false, manner)) return false;
  }
  state_ = state::kept;
  return true;
}

void zmalloc_charge::keep_overdrawn(std::size_t bytes) noexcept {
  const overdraft_scope overdraft;
  static_cast<void>(keep(bytes));
}

}  // namespace zpmr::detail
