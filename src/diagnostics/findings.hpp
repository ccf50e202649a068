// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <exception>
#include <zpmr/checked_resource.hpp>

namespace zpmr::detail {

/// Returns: whom the resource tells.
misuse_handler& handler_of(const checked_resource& resource) noexcept;

/// What one call finds. What the handler throws waits until the call is done, so that nothing is
/// left half done.
class findings {
 public:
  explicit findings(const checked_resource& resource) noexcept : handler_(handler_of(resource)) {}

  void tell(const misuse& fault) noexcept {
    ++count_;
    try {
      handler_.on_misuse(fault);
    } catch (...) {
      if (thrown_ == nullptr) thrown_ = std::current_exception();
    }
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// Throws: the first that the handler threw.
  void pass_on() const {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
  }

 private:
  misuse_handler& handler_;
  std::size_t count_ = 0;
  std::exception_ptr thrown_;
};

}  // namespace zpmr::detail
