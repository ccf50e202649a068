// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// A scope in which nothing is refused: for unwinding, and for recovery that itself needs memory.
///
/// Thread safety: belongs to the thread that made it.
///
/// \snippet tenant_budgets.cpp overdraft

namespace zpmr {

/// While one lives, every charge of its thread passes every limit, also by `try_charge`, and asks
/// no policy. What did not fit is counted as an overdraft. Scopes nest.
class ZPMR_EXPORT overdraft_scope {
 public:
  overdraft_scope() noexcept;
  ~overdraft_scope();
  overdraft_scope(const overdraft_scope&) = delete;
  overdraft_scope& operator=(const overdraft_scope&) = delete;
};

static_assert(!std::is_copy_constructible_v<overdraft_scope>);

}  // namespace zpmr
