// SPDX-License-Identifier: MIT
#pragma once

/// \file
/// All of zpmr but the headers that cost extra. The header of an allocator only where it is built
/// in.

#include <zpmr/allocator_resource.hpp>
#include <zpmr/config.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_resource.hpp>
#endif
#include <zpmr/libc_resource.hpp>
#include <zpmr/limit_exceeded.hpp>
#include <zpmr/limit_policy.hpp>
#include <zpmr/literals.hpp>
#include <zpmr/memory_reservation.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/memory_usage.hpp>
#include <zpmr/overdraft_scope.hpp>
#include <zpmr/pending_block.hpp>
#include <zpmr/policies.hpp>
#if ZPMR_WITH_TCMALLOC
#include <zpmr/tcmalloc_resource.hpp>
#endif
#include <zpmr/usage_scope.hpp>
