// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>
#include <zpmr/call_stack.hpp>
#include <zpmr/export.hpp>

/// \file
/// Finds memory that slips past a tracker: a copied container, or an element that was not given its
/// container's allocator, takes it from the default resource. Of the library `zpmr::diagnostics`.
///
/// Thread safety: guards may be made and destroyed, and figures read, on any thread. The default
/// resource is that of the process, so a guard sees the allocations of all threads.
///
/// \snippet find_escapes.cpp example

namespace zpmr {

namespace detail {
class escape_channel;
}

/// What happens to an allocation from the default resource.
enum class escape_action {
  count,   ///< it is counted
  locate,  ///< it is counted, and where it comes from is kept
  refuse   ///< as `locate`, and throws `escape_refused`
};

/// A place in the program that allocates from the default resource.
struct escape_site {
  call_stack where;               ///< without frames for all those that are not known
  std::uint64_t allocations = 0;  ///< from there
  std::size_t bytes = 0;          ///< that they asked for, in all
};

/// An allocation from the default resource, while a guard refused them. All facts are in fixed
/// storage.
class ZPMR_EXPORT escape_refused : public std::bad_alloc {
 public:
  escape_refused(std::size_t bytes, std::size_t alignment, call_stack where) noexcept;

  /// Returns: the bytes that were asked for.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// Returns: the alignment that was asked for, in bytes.
  [[nodiscard]] std::size_t alignment() const noexcept { return alignment_; }
  /// Returns: where they were asked for.
  [[nodiscard]] call_stack where() const noexcept { return where_; }
  /// Returns: how much, and what to do about it, in one line.
  [[nodiscard]] const char* what() const noexcept override { return what_.data(); }

 private:
  std::size_t bytes_;
  std::size_t alignment_;
  call_stack where_;
  std::array<char, 192> what_;
};

/// While one lives, each allocation from `std::pmr::get_default_resource()` is an escape. The
/// memory still comes from, and goes back to, what was the default resource before. Guards nest,
/// and may end in any order; each of those that live sees an escape.
///
/// What was allocated under a guard may be freed, and containers made under it may go on, when the
/// guard is gone: what stands in for the default resource is never destroyed. It is a resource of
/// its own, so moving a container made under the guard into one made before copies it.
///
/// It does not see what never asks the default resource: `std::allocator`, `operator new`, and code
/// that has kept the pointer since before the guard. So make it early.
class ZPMR_EXPORT escape_guard {
 public:
  /// Effects: puts itself before the default resource. Throws: `std::bad_alloc`.
  explicit escape_guard(escape_action action = escape_action::count);

  /// Effects: the default resource is again what it was, unless somebody else has set it meanwhile.
  ~escape_guard();

  escape_guard(const escape_guard&) = delete;
  escape_guard& operator=(const escape_guard&) = delete;

  /// Returns: how many allocations have escaped, refused ones too.
  [[nodiscard]] std::uint64_t escapes() const noexcept;
  /// Returns: the bytes they asked for, in all.
  [[nodiscard]] std::size_t bytes() const noexcept;
  /// Returns: where they came from, most bytes first; nothing if they are only counted. Places
  /// beyond the first 1,000 are told as one that is not known. Throws: `std::bad_alloc`.
  [[nodiscard]] std::vector<escape_site> sites() const;

 private:
  friend class detail::escape_channel;

  void note(std::size_t bytes, call_stack where) noexcept;

  const escape_action action_;
  std::uint64_t escapes_ = 0;
  std::size_t bytes_ = 0;
  std::vector<escape_site> sites_;  // never grows: that would allocate
  detail::escape_channel& channel_;
};

static_assert(std::is_aggregate_v<escape_site>);
static_assert(std::is_base_of_v<std::bad_alloc, escape_refused>);
static_assert(std::is_nothrow_copy_constructible_v<escape_refused>);
static_assert(!std::is_copy_constructible_v<escape_guard>);

}  // namespace zpmr
