// SPDX-License-Identifier: MIT
#pragma once

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

// An allocator with locks of its own hands a block from the thread that freed it to the one that
// gets it next.
inline void hand_over_to_allocating_thread([[maybe_unused]] void* block) noexcept {
#if ZPMR_THREAD_SANITIZER
  __tsan_release(block);
#endif
}

inline void handed_over_from_freeing_thread([[maybe_unused]] void* block) noexcept {
#if ZPMR_THREAD_SANITIZER
  __tsan_acquire(block);
#endif
}

/// While it lives, what this thread reads is no race: an allocator publishes its arenas by atomics
/// that were not compiled for the sanitizer.
class reads_published_arenas {
 public:
#if ZPMR_THREAD_SANITIZER
  reads_published_arenas() noexcept {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  }
  ~reads_published_arenas() {
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  reads_published_arenas() noexcept {}  // not trivial, or it would be an unused variable
#endif
  reads_published_arenas(const reads_published_arenas&) = delete;
  reads_published_arenas& operator=(const reads_published_arenas&) = delete;
};

}  // namespace zpmr::detail
