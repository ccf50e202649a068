// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// Which allocations are to fail, for tests of code that must survive that. A `failing_resource`
/// asks a schedule; so can an `operator new` of the program's own. Not part of `zpmr.hpp`: include
/// it where needed.
///
/// Thread safety: every function may be called from any thread; an allocation that overlaps `set`
/// may see old and new rules mixed.
///
/// \snippet survive_running_out.cpp rules

namespace zpmr {

/// How long a failure lasts.
enum class failure_kind {
  transient,  ///< that allocation fails, as if memory was short for a moment
  persistent  ///< that one fails, and all after it
};

/// An allocation fails where any of these says so.
struct failure_rules {
  std::uint64_t nth = 0;         ///< the n-th fails, counted from 1; 0 for none
  double probability = 0;        ///< of each to fail: from 0 to 1
  std::uint64_t seed = 0;        ///< the same seed makes the same allocations fail
  std::size_t above = SIZE_MAX;  ///< bytes; those of more fail
  failure_kind kind = failure_kind::transient;

  friend bool operator==(const failure_rules&, const failure_rules&) = default;
};

/// Numbers allocations and says which of them fail. Whether one fails depends on its number, its
/// size and the rules alone, so every run can be repeated; with several threads, which thread gets
/// which number may differ. Constant-initialised and never destroyed, it serves `operator new`.
class ZPMR_EXPORT failure_schedule {
 public:
  /// Nothing fails.
  constexpr failure_schedule() noexcept = default;
  /// Effects: `set(rules)`.
  explicit failure_schedule(const failure_rules& rules) { set(rules); }

  failure_schedule(const failure_schedule&) = delete;
  failure_schedule& operator=(const failure_schedule&) = delete;

  /// Effects: from now on these rules hold. Allocations and failures are counted anew.
  /// Throws: `std::invalid_argument`, and changes nothing, if the probability is not within 0 to 1.
  void set(const failure_rules& rules);

  /// Effects: counts an allocation of `bytes`. Returns: whether it is to fail.
  [[nodiscard]] bool fails(std::size_t bytes) noexcept;

  /// Returns: how many allocations were counted.
  [[nodiscard]] std::uint64_t allocations() const noexcept {
    return allocations_.load(std::memory_order_relaxed);  // a count, and nothing else hangs on it
  }
  /// Returns: how many of them failed.
  [[nodiscard]] std::uint64_t failures() const noexcept {
    return failures_.load(std::memory_order_relaxed);  // as above
  }

 private:
  [[nodiscard]] bool is_due(std::uint64_t number, std::size_t bytes) const noexcept;

  std::atomic<std::uint64_t> nth_{0};
  std::atomic<double> probability_{0};
  std::atomic<std::uint64_t> seed_{0};
  std::atomic<std::size_t> above_{SIZE_MAX};
  std::atomic<failure_kind> kind_{failure_kind::transient};

  std::atomic<std::uint64_t> allocations_{0};
  std::atomic<std::uint64_t> failures_{0};
};

static_assert(std::is_trivially_destructible_v<failure_schedule>);
static_assert(!std::is_copy_constructible_v<failure_schedule>);

}  // namespace zpmr
