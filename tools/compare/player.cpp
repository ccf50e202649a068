// SPDX-License-Identifier: MIT
#include "player.hpp"

#include <ctime>
#include <thread>

namespace zpmr::compare {
namespace {

void* taken(std::atomic<void*>& place) noexcept {
  // Acquire: what the thread wrote that handed it over.
  void* const block = place.load(std::memory_order_acquire);
  // Nobody else looks at this place until the next batch, which begins with a lock.
  if (block != nullptr) place.store(nullptr, std::memory_order_relaxed);
  return block;
}

}  // namespace

std::chrono::nanoseconds thread_time() noexcept {
  std::timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void* taken_over(std::atomic<void*>& place, std::chrono::nanoseconds& waited) noexcept {
  void* block = taken(place);
  if (block != nullptr) return block;
  const auto start = thread_time();
  // The other thread may need this very processor.
  while ((block = taken(place)) == nullptr) std::this_thread::yield();
  waited += thread_time() - start;
  return block;
}

}  // namespace zpmr::compare
