// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <zpmr/default_allocator.hpp>
#include <zpmr/limit_policy.hpp>
#include <zpmr/zmalloc.hpp>

/// \file
/// What the tests of zmalloc.h set up, and which allocator it is on.

namespace zpmr::test {

inline constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Returns: whether zmalloc.h is on that allocator.
inline bool zmalloc_is_on(std::string_view name) {
  return default_allocator()->name() == name;
}

/// While one lives the tracker has that policy and limit.
class policy_scope {
 public:
  policy_scope(limit_policy& policy, std::size_t limit)
      : before_(zmalloc_tracker().set_policy(&policy)) {
    zmalloc_set_limit(limit);
  }
  ~policy_scope() {
    zmalloc_set_limit(no_limit);
    zmalloc_tracker().set_policy(before_);
  }
  policy_scope(const policy_scope&) = delete;
  policy_scope& operator=(const policy_scope&) = delete;

 private:
  limit_policy* before_;
};

/// How often zmalloc.h has told of a failure, since the last `counting_failures` was made.
inline std::size_t failures = 0;

/// While one lives they are counted, and do not end the program.
struct counting_failures {
  counting_failures() {
    failures = 0;
    zmalloc_set_oom_handler([](std::size_t) { ++failures; });
  }
  ~counting_failures() { zmalloc_set_oom_handler(nullptr); }
  counting_failures(const counting_failures&) = delete;
  counting_failures& operator=(const counting_failures&) = delete;
};

}  // namespace zpmr::test
