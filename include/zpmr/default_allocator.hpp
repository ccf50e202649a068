// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/export.hpp>

/// \file
/// Which allocators there are, and which one is the default.
///
/// Thread safety: every function may be called from any thread, also before `main` and after it.
///
/// \snippet pick_an_allocator.cpp example

namespace zpmr {

/// Returns: the allocator that was chosen when zpmr was built, or the one that the environment
/// variable `ZPMR_MALLOC` names. The variable is read once, at the first call; one that cannot
/// be used gives one line on stderr that lists the valid ones, and is otherwise ignored.
[[nodiscard]] ZPMR_EXPORT allocator_resource* default_allocator() noexcept;

/// Returns: the allocator of that name, as "jemalloc" or "libc", or nullptr if it is not
/// built in.
[[nodiscard]] ZPMR_EXPORT allocator_resource* find_allocator(std::string_view name) noexcept;

/// Returns: every allocator that is built in, in an order that stays the same; libc is the last.
[[nodiscard]] ZPMR_EXPORT std::span<allocator_resource* const> allocators() noexcept;

}  // namespace zpmr
