// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <new>
#include <zpmr/fail_each_allocation.hpp>
#include <zpmr/failure_schedule.hpp>

/// \file
/// Replaces `operator new` by one that fails when the test says so. For one source file of a
/// program.

namespace zpmr::test {

inline constinit failure_schedule new_failures;
inline constinit std::atomic<std::int64_t> blocks_of_new{0};

/// Effects: runs `block` as `fail_each_allocation` does, with `operator new` failing, and checks
/// that each run gives back every block of `operator new`. Boost.Test's checks would allocate too:
/// the block makes none.
/// Returns: how many allocations were made to fail.
inline std::uint64_t fail_each_new(std::initializer_list<const memory_tracker*> trackers,
                                   const std::function<void()>& block) {
  std::int64_t most_left = 0;
  const std::function<void()> counted = [&] {
    const std::int64_t before = blocks_of_new;
    const auto note = [&] {
      const std::int64_t left = blocks_of_new - before;
      if (left != 0) most_left = left;
    };
    try {
      block();
    } catch (...) {
      note();
      throw;
    }
    note();
  };
  const std::uint64_t failed = fail_each_allocation(new_failures, trackers, counted);
  BOOST_TEST(most_left == 0, most_left << " blocks of operator new were left behind");
  return failed;
}

/// Effects: checks that `block` takes nothing from `operator new`.
inline void check_takes_nothing(const std::function<void()>& block) {
  BOOST_TEST(fail_each_new({}, block) == 0u);
}

}  // namespace zpmr::test

// The forms that do not throw are the ones that work, as the sanitizers' own do not come here. None
// is inlined, as the compiler would see malloc beside operator delete, and warn.

[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (zpmr::test::new_failures.fails(bytes)) return nullptr;
  void* const block = std::malloc(bytes > 0 ? bytes : 1);
  if (block != nullptr) ++zpmr::test::blocks_of_new;
  return block;
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment,
                                     const std::nothrow_t&) noexcept {
  if (zpmr::test::new_failures.fails(bytes)) return nullptr;
  const auto multiple = static_cast<std::size_t>(alignment);
  void* const block = std::aligned_alloc(multiple, (bytes / multiple + 1) * multiple);
  if (block != nullptr) ++zpmr::test::blocks_of_new;
  return block;
}
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (void* const block = operator new(bytes, std::nothrow)) return block;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  if (void* const block = operator new(bytes, alignment, std::nothrow)) return block;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  if (block != nullptr) --zpmr::test::blocks_of_new;
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept {
  operator delete(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  operator delete(block);
}

// The sanitizers' own forms for arrays do not come here either.
[[gnu::noinline]] void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return operator new(bytes, alignment);
}
[[gnu::noinline]] void operator delete[](void* block) noexcept {
  operator delete(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::size_t) noexcept {
  operator delete(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::align_val_t) noexcept {
  operator delete(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  operator delete(block);
}
