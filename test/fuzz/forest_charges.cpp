// SPDX-License-Identifier: MIT
#include <cstdint>
#include <new>
#include <optional>

#include "forest.hpp"

// Charges, blocks, and taking them off.

namespace zpmr::test {

namespace {

void check_refusal(const limit_exceeded& error, const charge_watch& watch) {
  const account* const full = watch.full();
  expect(full != nullptr, "a charge is refused that fits");
  expect(error.requested() == watch.bytes() && error.limit() == full->expected.limit &&
             error.bytes_in_use() == full->expected.bytes_in_use,
         "limit_exceeded carries the facts of the full tracker");
}

}  // namespace

/// `deed` returns false where it is one that refuses without an exception.
/// Returns: whether the charge passed. Effects: holds it, and how it ended, against the model.
bool forest::charge_by(tree_node& at, const attempt& wanted, const std::function<bool()>& deed) {
  charge_watch watch{at.figures, wanted.usable, generous_, wanted.asks_policies};
  const bool possible = wanted.usable <= PTRDIFF_MAX;
  watch_ = &watch;
  bool out_of_memory = false;
  if (possible) seen_by(at.figures, thread_);
  try {
    if (deed()) return settle_pass(wanted, out_of_memory);
  } catch (const limit_exceeded& error) {
    check_refusal(error, watch);
  } catch (const thrown_by_policy&) {
    if (watch.was_added()) raise_peaks(at.figures, wanted.usable);
    return false;
  } catch (const std::bad_alloc&) {
    out_of_memory = true;
  }
  if (!possible) return false;
  if (out_of_memory) return settle_pass(wanted, out_of_memory);
  watch.refuse();
  for_path(at.figures, [](account& each) { ++each.expected.denied; });
  return false;
}

/// The charge passed; whether the block came to be is another question.
bool forest::settle_pass(const attempt& wanted, bool out_of_memory) {
  expect(wanted.usable <= PTRDIFF_MAX, "what cannot exist is refused");
  const bool fitted = watch_->pass();
  expect(out_of_memory == wanted.upstream_fails, "an upstream's failure reaches the caller");
  raise_peaks(watch_->at(), wanted.usable);
  if (out_of_memory || !wanted.is_kept) return false;
  for_path(watch_->at(), [&](account& each) {
    each.expected.bytes_in_use += wanted.usable;
    each.expected.requested_bytes_in_use += wanted.requested;
    each.expected.total_bytes += wanted.usable;
    each.expected.allocations += wanted.is_block ? 1 : 0;
    each.expected.overdrafts += fitted ? 0 : 1;
  });
  return true;
}

void forest::charge(tree_node& at, std::size_t bytes) {
  const auto deed = [&] {
    at.tracker->charge(bytes);
    return true;
  };
  if (charge_by(at, {bytes, bytes}, deed)) at.held.push_back({bytes, bytes, false});
}

void forest::try_charge(tree_node& at, std::size_t bytes) {
  const auto deed = [&] { return at.tracker->try_charge(bytes); };
  attempt wanted{bytes, bytes};
  wanted.asks_policies = false;
  if (charge_by(at, wanted, deed)) at.held.push_back({bytes, bytes, false});
}

void forest::charge_block(tree_node& at, std::size_t bytes) {
  const auto deed = [&] {
    at.tracker->charge_block(bytes, bytes / 2);
    return true;
  };
  if (charge_by(at, {bytes, bytes / 2, true}, deed)) at.held.push_back({bytes, bytes / 2, true});
}

void forest::charge_and_cancel(tree_node& at, std::size_t bytes) {
  attempt wanted{bytes, bytes / 2, true};
  wanted.is_kept = false;
  charge_by(at, wanted, [&] {
    const pending_block never_kept{*at.tracker, bytes, bytes / 2};
    return true;
  });
}

void forest::allocate(tree_node& at, std::size_t bytes, std::size_t alignment, unsigned failures) {
  const bool may_ask = at.policy != nullptr && !generous_;
  upstream_.failures = failures;
  const std::size_t usable = bytes == SIZE_MAX ? bytes : upstream_.usable_size(bytes, alignment);
  allocate_by(at, {usable, bytes, true, at.rounded.get(), nullptr, alignment},
              failures > (may_ask ? at.policy->patience() : 0));
  upstream_.failures = 0;
}

void forest::allocate_from_libc(tree_node& at, std::size_t bytes, std::size_t alignment) {
  const std::size_t usable = bytes == SIZE_MAX ? bytes : libc()->usable_size(bytes, alignment);
  allocate_by(at, {usable, bytes, true, at.from_libc.get(), nullptr, alignment}, false);
}

void forest::allocate_by(tree_node& at, holding wanted, bool upstream_fails) {
  const auto deed = [&] {
    wanted.block = wanted.from->allocate(wanted.requested, wanted.alignment);
    expect(wanted.block != nullptr, "null is never returned");
    return true;
  };
  attempt block{wanted.usable, wanted.requested, true};
  block.upstream_fails = upstream_fails;
  if (charge_by(at, block, deed)) at.held.push_back(wanted);
}

bool forest::free_one(tree_node& at, std::size_t index) {
  if (index >= at.held.size()) return false;
  const holding gone = at.held[index];
  at.held.erase(at.held.begin() + static_cast<std::ptrdiff_t>(index));
  if (gone.from != nullptr) {
    gone.from->deallocate(gone.block, gone.requested, gone.alignment);
  } else if (gone.is_block) {
    at.tracker->uncharge_block(gone.usable, gone.requested);
  } else {
    at.tracker->uncharge(gone.usable);
  }
  take_off(at, gone);
  return true;
}

void forest::take_off(tree_node& at, const holding& gone) {
  seen_by(at.figures, thread_);
  for_path(at.figures, [&](account& each) {
    each.expected.bytes_in_use -= gone.usable;
    each.expected.requested_bytes_in_use -= gone.requested;
    each.expected.deallocations += gone.is_block ? 1 : 0;
  });
}

}  // namespace zpmr::test
