// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <mutex>
#include <new>

namespace zpmr::detail {

/// Pieces for objects of one type, cut from slabs that are never given back.
template <class T>
class mapped_pool {
 public:
  T* make() noexcept {
    const std::scoped_lock lock(mutex_);
    if (free_ == nullptr && !grow()) return nullptr;
    piece* const taken = free_;
    free_ = taken->next;
    return new (taken) T;
  }

  void recycle(T* object) noexcept {
    object->~T();
    const std::scoped_lock lock(mutex_);
    free_ = new (object) piece{free_};
  }

  /// For `fork`: while it is held, no other thread is inside.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

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

  std::mutex mutex_;
  piece* free_ = nullptr;
};

}  // namespace zpmr::detail
