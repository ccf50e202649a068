// SPDX-License-Identifier: MIT
#pragma once

/// \file
/// Which sanitizer the tests run under, where it changes what can be expected.

#if defined(__has_feature)
#define ZPMR_TEST_HAS(feature) __has_feature(feature)
#else
#define ZPMR_TEST_HAS(feature) 0
#endif

namespace zpmr::test {

#if defined(__SANITIZE_ADDRESS__) || ZPMR_TEST_HAS(address_sanitizer)
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

#if defined(__SANITIZE_THREAD__) || ZPMR_TEST_HAS(thread_sanitizer)
inline constexpr bool thread_sanitizer = true;
#else
inline constexpr bool thread_sanitizer = false;
#endif

/// Whether the program's malloc is that of a sanitizer, which stops the program where it has no
/// memory left, and keeps no statistics.
inline constexpr bool malloc_is_replaced = address_sanitizer || thread_sanitizer;

}  // namespace zpmr::test
