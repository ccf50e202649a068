// SPDX-License-Identifier: MIT
#pragma once

#include "allocators/built_in.hpp"
#include "base/never_destroyed.hpp"

/// \file
/// The process-wide objects, each defined beside its class. They are named here, so that a table of
/// their addresses is constant-initialised too.

namespace zpmr::detail {

#define ZPMR_DECLARE(name) extern never_destroyed<name##_resource> process_##name;
ZPMR_FOR_EACH_ALLOCATOR(ZPMR_DECLARE)
#undef ZPMR_DECLARE

}  // namespace zpmr::detail
