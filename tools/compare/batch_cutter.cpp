// SPDX-License-Identifier: MIT
#include "batch_cutter.hpp"

#include <bit>
#include <string>
#include <utility>

namespace zpmr::compare {
namespace {

step step_of(const trace_event& event, std::uint32_t place, action what) {
  return {event.bytes, place, what, static_cast<std::uint8_t>(std::countr_zero(event.alignment))};
}

}  // namespace

batch_cutter::batch_cutter(const trace_profile& profile, std::size_t batch_steps)
    : profile_(profile),
      batch_steps_(batch_steps),
      seat_of_thread_(profile.threads()),
      blocks_(profile.block_numbers) {}

replay_shape batch_cutter::shape() const noexcept {
  // A place that one thread empties serves others from the next batch on only.
  return {.places = profile_.block_numbers + batch_steps_,
          .batch_steps = batch_steps_,
          .largest_block = profile_.largest_block};
}

void batch_cutter::add(const trace_event& event) {
  if (event.thread >= seat_of_thread_.size() || event.block >= blocks_.size()) {
    throw bad_input("event " + std::to_string(events_ + 1) +
                    " was not there before: the trace has changed meanwhile. Try again.");
  }
  ++events_;
  ++steps_;
  const std::uint32_t seat_number = seat_of(event.thread);
  if (event.operation == trace_operation::allocation) {
    allocated(event, seat_number);
  } else {
    freed(event, seat_number);
  }
}

std::uint32_t batch_cutter::seat_of(std::uint32_t thread) {
  auto& known = seat_of_thread_[thread];
  if (known) return *known;
  if (free_seats_.empty()) {
    known = static_cast<std::uint32_t>(seats_.size());
    seats_.emplace_back();
  } else {
    known = free_seats_.back();
    free_seats_.pop_back();
  }
  seats_[*known].thread = thread;
  return *known;
}

std::uint32_t batch_cutter::free_place(seat& of) {
  std::vector<std::uint32_t>& from = of.places.empty() ? free_places_ : of.places;
  if (from.empty()) return places_++;
  const std::uint32_t place = from.back();
  from.pop_back();
  return place;
}

void batch_cutter::allocated(const trace_event& event, std::uint32_t seat_number) {
  seat& by = seats_[seat_number];
  const std::uint32_t place = free_place(by);
  blocks_[event.block] = {place, seat_number, static_cast<std::uint32_t>(by.steps.size()),
                          batches_};
  by.steps.push_back(step_of(event, place, action::allocate));
  bytes_in_use_ += event.bytes;
  ++blocks_in_use_;
}

void batch_cutter::freed(const trace_event& event, std::uint32_t seat_number) {
  const block& gone = blocks_[event.block];
  seat& by = seats_[seat_number];
  if (gone.batch == batches_ && gone.seat != seat_number) {
    seat& maker = seats_[gone.seat];
    step& allocation = maker.steps[gone.step];
    allocation.what = action::allocate_and_hand_over;
    allocation.place = handed_over_;
    by.steps.push_back(step_of(event, handed_over_, action::take_over_and_free));
    ++handed_over_;
    maker.places.push_back(gone.place);
  } else {
    by.steps.push_back(step_of(event, gone.place, action::free));
    by.places.push_back(gone.place);
  }
  bytes_in_use_ -= event.bytes;
  --blocks_in_use_;
}

after_batch batch_cutter::leave_or_stay(seat& one, std::uint32_t seat_number) {
  if (profile_.last_event_of_thread[*one.thread] > events_) return after_batch::thread_goes_on;
  one.thread.reset();
  if (seat_number > 0) free_seats_.push_back(seat_number);  // nobody follows the main thread
  return after_batch::thread_ends;
}

batch batch_cutter::cut() {
  batch whole{{0, handed_over_}, {}, {}};
  whole.steps.reserve(steps_);
  for (std::uint32_t number = 0; number < seats_.size(); ++number) {
    seat& one = seats_[number];
    if (one.steps.empty()) continue;
    const auto count = static_cast<std::uint32_t>(one.steps.size());
    whole.steps.insert(whole.steps.end(), one.steps.begin(), one.steps.end());
    free_places_.insert(free_places_.end(), one.places.begin(), one.places.end());
    one.steps.clear();
    one.places.clear();
    whole.parts.push_back({number, count, leave_or_stay(one, number)});
  }
  whole.header.parts = static_cast<std::uint32_t>(whole.parts.size());
  steps_ = 0;
  handed_over_ = 0;
  ++batches_;
  return whole;
}

}  // namespace zpmr::compare
