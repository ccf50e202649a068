// SPDX-License-Identifier: MIT
#include "tracking/bookkeeping.hpp"

#include "base/mapped_pool.hpp"
#include "base/never_destroyed.hpp"

namespace zpmr::detail {

namespace {

constinit never_destroyed<mapped_pool<slot_table>> tables;
constinit never_destroyed<mapped_pool<slot_chunk>> chunks;
constinit never_destroyed<mapped_pool<peak_watch>> watches;

}  // namespace

slot_table* make_slot_table() noexcept {
  return tables.value.make();
}
slot_chunk* make_slot_chunk() noexcept {
  return chunks.value.make();
}
peak_watch* make_peak_watch() noexcept {
  return watches.value.make();
}

void recycle(slot_chunk* chunk) noexcept {
  chunks.value.recycle(chunk);
}
void recycle(peak_watch* watch) noexcept {
  watches.value.recycle(watch);
}

void recycle(slot_table* table) noexcept {
  for (std::atomic<slot_chunk*>& each : table->chunks) {
    slot_chunk* const chunk = each.load(std::memory_order_relaxed);
    if (chunk != nullptr) recycle(chunk);
  }
  tables.value.recycle(table);
}

void lock_bookkeeping() noexcept {
  tables.value.lock();
  chunks.value.lock();
  watches.value.lock();
}

void unlock_bookkeeping() noexcept {
  watches.value.unlock();
  chunks.value.unlock();
  tables.value.unlock();
}

}  // namespace zpmr::detail
