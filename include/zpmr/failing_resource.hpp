// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory_resource>
#include <type_traits>
#include <zpmr/export.hpp>
#include <zpmr/failure_schedule.hpp>

/// \file
/// A memory resource that runs out when a test wants it to. Not part of `zpmr.hpp`: include it
/// where needed.
///
/// Thread safety: as the upstream.
///
/// \snippet survive_running_out.cpp rules

namespace zpmr {

/// Takes blocks from its upstream, but for the allocations that a schedule makes fail. Several
/// resources may share a schedule, and are then numbered together. Equality is identity.
class ZPMR_EXPORT failing_resource final : public std::pmr::memory_resource {
 public:
  /// Preconditions: `upstream` is not null; it and `failures` outlive the resource.
  failing_resource(std::pmr::memory_resource* upstream, failure_schedule& failures) noexcept
      : upstream_(upstream), failures_(failures) {}

  failing_resource(const failing_resource&) = delete;
  failing_resource& operator=(const failing_resource&) = delete;

  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }
  [[nodiscard]] failure_schedule& failures() const noexcept { return failures_; }

 private:
  /// Throws: `std::bad_alloc`, before the upstream is asked, if the schedule says so. A size that
  /// cannot exist is refused as well, and is not counted.
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* upstream_;
  failure_schedule& failures_;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, failing_resource>);
static_assert(!std::is_copy_constructible_v<failing_resource>);

}  // namespace zpmr
