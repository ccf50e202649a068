// SPDX-License-Identifier: MIT
#include "bookkeeping.hpp"

#include <sys/mman.h>

#include <mutex>
#include <new>

#include "never_destroyed.hpp"

namespace zpmr::detail {

namespace {

/// Pieces for objects of one type, cut from slabs that are never given back.
template <class T>
class pool {
 public:
  T* make() noexcept {
    const std::scoped_lock lock(mutex);
    if (free_ == nullptr && !grow()) return nullptr;
    piece* const taken = free_;
    free_ = taken->next;
    return new (taken) T;
  }

  void recycle(T* object) noexcept {
    object->~T();
    const std::scoped_lock lock(mutex);
    free_ = new (object) piece{free_};
  }

  std::mutex mutex;

 private:
  static constexpr std::size_t slab_size = std::size_t{64} << 10;

  struct piece {
    piece* next;
  };

  bool grow() noexcept {
    void* const slab =
        mmap(nullptr, slab_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slab == MAP_FAILED) return false;
    auto* const bytes = static_cast<std::byte*>(slab);
    for (std::size_t at = 0; at + sizeof(T) <= slab_size; at += sizeof(T)) {
      free_ = new (bytes + at) piece{free_};
    }
    return true;
  }

  piece* free_ = nullptr;
};

constinit never_destroyed<pool<slot_table>> tables;
constinit never_destroyed<pool<slot_chunk>> chunks;
constinit never_destroyed<pool<peak_watch>> watches;

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
  tables.value.mutex.lock();
  chunks.value.mutex.lock();
  watches.value.mutex.lock();
}

void unlock_bookkeeping() noexcept {
  watches.value.mutex.unlock();
  chunks.value.mutex.unlock();
  tables.value.mutex.unlock();
}

}  // namespace zpmr::detail
