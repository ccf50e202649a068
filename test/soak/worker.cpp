// SPDX-License-Identifier: MIT
#include "worker.hpp"

#include <cstdint>
#include <new>
#include <zpmr/memory_reservation.hpp>
#include <zpmr/usage_scope.hpp>

namespace zpmr::test::soak {

namespace {

std::size_t random_size(random_engine& random) {
  const bool big = random() % 64 == 0;
  return 1 + random() % (big ? churn::most_bytes / 2 : 500);
}

}  // namespace

void worker::run(const std::atomic<bool>& stop) {
  const auto life = 1000 + random_() % 30'000;
  for (unsigned i = 0; i < life && !stop.load(std::memory_order_relaxed); ++i) step();
  mine_.threads = 1;
  common_.tally_.add(mine_);
  common_.expected_.charged += charged_;
  common_.expected_.allocations += allocations_;
  common_.expected_.deallocations += deallocations_;
  common_.expected_.denied += denied_;
  common_.expected_.requested += requested_;
}

void worker::step() {
  const auto kind = random_() % 1000;
  if (kind < 550) {
    bring();
  } else if (kind < 990) {
    fetch();
  } else {
    disturb();
  }
}

/// Charges, and leaves it for another thread; frees what lay there.
void worker::bring() {
  holding brought{common_.garden_.pick(random_), &share_, nullptr, random_size(random_), 0};
  const bool as_block = random_() % 8 != 0;
  brought.usable =
      as_block ? common_.upstream_.usable_size(brought.requested, 8) : brought.requested;
  if (share_.held + brought.usable > churn::share_bytes) return fetch();
  share_.held += brought.usable;  // before: no other thread of this lane runs
  if (!(as_block ? take_block(brought) : take(brought))) {
    share_.held -= brought.usable;
    return;
  }
  const std::size_t place = random_() % exchange::size;
  free(common_.exchange_.swap(place, std::move(brought)));
}

void worker::fetch() {
  const std::size_t place = random_() % exchange::size;
  free(common_.exchange_.swap(place, {}));
}

bool worker::take(holding& wanted) {
  ++mine_.operations;
  if (!wanted.of->tracker.try_charge(wanted.requested)) {
    count_refusal(*wanted.of);
    return false;
  }
  if (wanted.of->add(wanted.usable) > common_.cap_) ++mine_.caps_passed;
  charged_ += wanted.usable;
  requested_ += wanted.requested;
  return true;
}

bool worker::take_block(holding& wanted) {
  ++mine_.operations;
  try {
    wanted.block = wanted.of->memory.allocate(wanted.requested, 8);
  } catch (const limit_exceeded&) {
    count_refusal(*wanted.of);
    return false;
  } catch (const std::bad_alloc&) {
    return false;  // the upstream's
  }
  if (wanted.of->add(wanted.usable) > common_.cap_) ++mine_.caps_passed;
  charged_ += wanted.usable;
  requested_ += wanted.requested;
  ++allocations_;
  return true;
}

void worker::free(holding gone) {
  if (gone.of == nullptr) return;
  ++mine_.operations;
  if (gone.giver != &share_) ++mine_.freed_elsewhere;
  gone.of->take_off(gone.usable);
  if (gone.block != nullptr) {
    gone.of->memory.deallocate(gone.block, gone.requested, 8);
    ++deallocations_;
  } else {
    gone.of->tracker.uncharge(gone.requested);
  }
  requested_ -= gone.requested;
  gone.giver->held -= gone.usable;  // after: the room is there again
}

void worker::count_refusal(const counted_tracker& at) {
  ++denied_;
  ++(at.may_refuse ? mine_.refused_at_moved_limits : mine_.false_refusals);
}

/// What is rare in a program, and goes the slow paths.
void worker::disturb() {
  const garden::tracker_ptr at = common_.garden_.pick(random_);
  switch (random_() % 16) {
    case 0: {
      const usage_scope scope{at->tracker};
      if (scope.peak_bytes() < 0) ++mine_.wrong_figures;
      break;
    }
    case 1:
      at->tracker.reset_peak();
      break;
    case 2:
    case 3:
      try_the_impossible(*at);
      break;
    case 4:
    case 5:
    case 6:
      common_.garden_.replant(random_);
      ++mine_.trackers;
      break;
    default:
      book(*at, 1 + random_() % 4096);
  }
}

void worker::book(counted_tracker& at, std::size_t bytes) {
  if (share_.held + bytes > churn::share_bytes) return;
  share_.held += bytes;
  ++mine_.operations;
  if (const auto booked = memory_reservation::try_reserve(at.tracker, bytes)) {
    if (at.add(bytes) > common_.cap_) ++mine_.caps_passed;
    charged_ += bytes;
    at.take_off(bytes);
  } else {
    count_refusal(at);
  }
  share_.held -= bytes;
}

/// One byte more than the cap: never fits, and takes back the leases of all.
void worker::try_the_impossible(counted_tracker& at) {
  ++mine_.operations;
  if (at.tracker.try_charge(common_.cap_ + 1)) {
    at.tracker.uncharge(common_.cap_ + 1);
    ++mine_.caps_passed;
  } else {
    ++denied_;
  }
}

}  // namespace zpmr::test::soak
