// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/config.hpp>
#include <zpmr/libc_resource.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_resource.hpp>
#endif
#if ZPMR_WITH_TCMALLOC
#include <zpmr/tcmalloc_resource.hpp>
#endif

#include "base/never_destroyed.hpp"

/// \file
/// The process-wide objects, each defined beside its class. They are named here, so that a table of
/// their addresses is constant-initialised too.

namespace zpmr::detail {

#if ZPMR_WITH_JEMALLOC
extern never_destroyed<jemalloc_resource> process_jemalloc;
#endif
#if ZPMR_WITH_TCMALLOC
extern never_destroyed<tcmalloc_resource> process_tcmalloc;
#endif
extern never_destroyed<libc_resource> process_libc;

}  // namespace zpmr::detail
