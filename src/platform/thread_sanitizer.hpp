// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ZPMR_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define ZPMR_THREAD_SANITIZER 1
#endif

#if ZPMR_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>

extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);
#endif

/// \file
/// Tells the thread sanitizer what it cannot see. Nothing in other builds.

namespace zpmr::detail {

#if ZPMR_THREAD_SANITIZER
/// Effects: calls `f` for each part of memory that the block reaches into.
template <class F>
void for_each_part(void* block, std::size_t bytes, F f) {
  constexpr std::uintptr_t part = std::uintptr_t{64} << 10;
  const auto begin = reinterpret_cast<std::uintptr_t>(block);
  if (block == nullptr) return;
  for (std::uintptr_t at = begin / part * part; at < begin + bytes; at += part) {
    f(reinterpret_cast<void*>(at));
  }
}
#endif

// An allocator with locks of its own hands memory from the thread that freed it to the one that
// gets it next: not always as the same block, so it is told for each part of memory.
inline void hand_over_to_allocating_thread([[maybe_unused]] void* block,
                                           [[maybe_unused]] std::size_t bytes) noexcept {
#if ZPMR_THREAD_SANITIZER
  for_each_part(block, bytes, __tsan_release);
#endif
}

inline void handed_over_from_freeing_thread([[maybe_unused]] void* block,
                                            [[maybe_unused]] std::size_t bytes) noexcept {
#if ZPMR_THREAD_SANITIZER
  for_each_part(block, bytes, __tsan_acquire);
#endif
}

/// While it lives, what this thread reads and writes is no race: it is published by atomics of a
/// library that was not compiled for the sanitizer, as jemalloc's arenas and the default resource.
class unseen_atomics {
 public:
#if ZPMR_THREAD_SANITIZER
  unseen_atomics() noexcept {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  }
  ~unseen_atomics() {
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  unseen_atomics() noexcept {}  // not trivial, or it would be an unused variable
#endif
  unseen_atomics(const unseen_atomics&) = delete;
  unseen_atomics& operator=(const unseen_atomics&) = delete;
};

}  // namespace zpmr::detail
