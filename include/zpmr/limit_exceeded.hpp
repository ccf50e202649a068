// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <string_view>
#include <type_traits>
#include <zpmr/export.hpp>
#include <zpmr/limit_policy.hpp>

/// \file
/// The exception of a charge that was refused.
///
/// Thread safety: as `std::exception`.
///
/// \snippet own_policy.cpp example

namespace zpmr {

/// A charge did not fit, and the policy did not let it pass. A `std::bad_alloc`, so code that knows
/// nothing of limits is ready for it. All facts are copies in fixed storage: the exception may
/// outlive the tracker, and making or copying one allocates nothing.
class ZPMR_EXPORT limit_exceeded : public std::bad_alloc {
 public:
  /// Effects: takes the facts from `event`, and the largest children of its tracker.
  explicit limit_exceeded(const limit_event& event) noexcept;

  /// Returns: the name of the tracker that was full, cut to `name_capacity` bytes.
  [[nodiscard]] std::string_view tracker_name() const noexcept {
    return {name_.data(), name_length_};
  }
  /// Returns: the bytes that the charge would have added.
  [[nodiscard]] std::size_t requested() const noexcept { return requested_; }
  /// Returns: the bytes in use when the charge was refused.
  [[nodiscard]] std::size_t bytes_in_use() const noexcept { return bytes_in_use_; }
  /// Returns: the limit in bytes.
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  /// Returns: all of it in one line, with the three children of the tracker that hold the most.
  [[nodiscard]] const char* what() const noexcept override { return what_.data(); }

  /// The bytes of the name that are kept.
  static constexpr std::size_t name_capacity = 48;

 private:
  std::size_t requested_;
  std::size_t bytes_in_use_;
  std::size_t limit_;
  std::size_t name_length_;
  std::array<char, name_capacity> name_;
  std::array<char, 512> what_;
};

static_assert(std::is_base_of_v<std::bad_alloc, limit_exceeded>);
static_assert(std::is_nothrow_copy_constructible_v<limit_exceeded>);

}  // namespace zpmr
