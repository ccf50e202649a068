// SPDX-License-Identifier: MIT
#include <utility>
#include <zpmr/memory_reservation.hpp>
#include <zpmr/memory_tracker.hpp>

namespace zpmr {

memory_reservation::memory_reservation(memory_tracker& tracker, std::size_t bytes)
    : tracker_(&tracker), bytes_(bytes) {
  tracker.charge(bytes);
}

memory_reservation::memory_reservation(already_charged, memory_tracker& tracker,
                                       std::size_t bytes) noexcept
    : tracker_(&tracker), bytes_(bytes) {}

std::optional<memory_reservation> memory_reservation::try_reserve(memory_tracker& tracker,
                                                                  std::size_t bytes) noexcept {
  if (!tracker.try_charge(bytes)) return std::nullopt;
  return memory_reservation(already_charged{}, tracker, bytes);
}

memory_reservation::memory_reservation(memory_reservation&& other) noexcept
    : tracker_(other.tracker_), bytes_(std::exchange(other.bytes_, 0)) {}

memory_reservation& memory_reservation::operator=(memory_reservation&& other) noexcept {
  memory_reservation taken(std::move(other));
  std::swap(tracker_, taken.tracker_);
  std::swap(bytes_, taken.bytes_);
  return *this;
}

memory_reservation::~memory_reservation() {
  if (bytes_ != 0) tracker_->uncharge(bytes_);  // one that was moved from may outlive the tracker
}

void memory_reservation::resize(std::size_t bytes) {
  if (bytes > bytes_) {
    tracker_->charge(bytes - bytes_);
  } else {
    tracker_->uncharge(bytes_ - bytes);
  }
  bytes_ = bytes;
}

}  // namespace zpmr
