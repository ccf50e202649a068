// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <span>
#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// Where in the program something happened: who called whom. Of the library `zpmr::diagnostics`.
///
/// Thread safety: all functions may be called from any thread.
///
/// \snippet find_misuse.cpp stack

namespace zpmr {

namespace detail {
struct stack_entry;
}

/// The calls that led to one place. It is as small as a pointer, valid until the process ends, and
/// never given back: equal stacks are kept once.
class ZPMR_EXPORT call_stack {
 public:
  /// An unknown stack, without frames.
  constexpr call_stack() = default;

  /// Returns: the calls that led here, the innermost 32 of them; an unknown stack if the system has
  /// no memory to keep it. Takes nothing from `malloc` and `operator new`.
  [[nodiscard]] static call_stack here() noexcept;

  /// Returns: the return addresses, the innermost call first.
  [[nodiscard]] std::span<const void* const> frames() const noexcept;

  /// Whether they are the same calls.
  friend bool operator==(call_stack, call_stack) = default;

  /// Effects: prints a line for each call, as far as `main`, with its function, file and line as
  /// the program's debug information tells them. Calls inside of zpmr on top are left out.
  ZPMR_EXPORT friend std::ostream& operator<<(std::ostream& out, call_stack stack);

 private:
  constexpr explicit call_stack(const detail::stack_entry* entry) noexcept : entry_(entry) {}

  const detail::stack_entry* entry_ = nullptr;
};

static_assert(std::is_trivially_copyable_v<call_stack>);

}  // namespace zpmr
