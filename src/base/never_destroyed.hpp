// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

namespace zpmr::detail {

/// Holds an object whose destructor never runs, so that it serves code that runs after `main` and
/// while a thread's own storage is being torn down. Make it `constinit`.
template <class T>
union never_destroyed {
  template <class... Arguments>
  constexpr explicit never_destroyed(Arguments&&... arguments) noexcept
      : value(std::forward<Arguments>(arguments)...) {}
  constexpr ~never_destroyed() {}

  T value;
};

}  // namespace zpmr::detail
