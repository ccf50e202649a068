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

}  // namespace zpmr::detail
