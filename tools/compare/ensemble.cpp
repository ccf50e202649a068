// SPDX-License-Identifier: MIT
#include "ensemble.hpp"

#include <cstdlib>
#include <new>
#include <system_error>

namespace zpmr::compare {

ensemble::~ensemble() {
  for (seat& each : seats_) end_thread(each);
}

void ensemble::play_on(seat& one) noexcept {
  try {
    const auto start = thread_time();
    const auto waited = what_ == measure::latencies ? on_.play(one.steps, places_, *one.times)
                                                    : on_.play(one.steps, places_);
    one.time = thread_time() - start - waited;
  } catch (const std::bad_alloc&) {
    std::_Exit(out_of_memory_status);
  }
}

void ensemble::seat_thread(seat& one) {
  if (one.thread.joinable()) return;
  const auto take_part = [this, &one] {
    // No steps: that is the end.
    for (one.begin.acquire(); !one.steps.empty(); one.begin.acquire()) {
      play_on(one);
      one.done.release();
    }
  };
  try {
    one.thread = std::thread(take_part);
  } catch (const std::system_error&) {
    std::_Exit(out_of_threads_status);
  }
}

void ensemble::end_thread(seat& one) {
  if (!one.thread.joinable()) return;
  one.steps = {};
  one.begin.release();
  one.thread.join();
}

reading ensemble::play(std::span<const batch_part> parts, std::span<const step> steps) {
  for (const batch_part& part : parts) {
    while (seats_.size() <= part.seat) {
      seats_.emplace_back();
      if (what_ == measure::latencies) seats_.back().times = std::make_unique<latencies>();
    }
    if (part.seat > 0) seat_thread(seats_[part.seat]);
    seats_[part.seat].steps = steps.first(part.steps);
    steps = steps.subspan(part.steps);
  }

  const auto start = std::chrono::steady_clock::now();
  for (const batch_part& part : parts) {
    if (part.seat > 0) seats_[part.seat].begin.release();
  }
  for (const batch_part& part : parts) {
    if (part.seat == 0) play_on(seats_[0]);
  }
  for (const batch_part& part : parts) {
    if (part.seat > 0) seats_[part.seat].done.acquire();
  }
  reading sum;
  sum.elapsed = std::chrono::steady_clock::now() - start;

  for (const batch_part& part : parts) {
    sum.processor_time += seats_[part.seat].time;
    if (part.then == after_batch::thread_ends) end_thread(seats_[part.seat]);
  }
  return sum;
}

latencies ensemble::finish() {
  latencies sum;
  for (seat& each : seats_) {
    end_thread(each);
    if (!each.times) continue;
    sum.allocations.add(each.times->allocations);
    sum.frees.add(each.times->frees);
  }
  return sum;
}

}  // namespace zpmr::compare
