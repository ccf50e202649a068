// SPDX-License-Identifier: MIT
#pragma once

#include <memory_resource>
#include <span>
#include <zpmr/export.hpp>

/// \file
/// Would it help to move a block? An allocator that keeps small blocks in slabs can give a slab
/// back only when nothing lives in it any more. Blocks in slabs that are emptier than others are
/// what holds memory back; moved to where others live, they set their slabs free. `defragment`
/// does that for containers; this is for those who move blocks themselves.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet defragment_a_cache.cpp hint

namespace zpmr {

/// What is best for a block.
enum class relocation {
  unknown,  ///< the allocator cannot tell
  stay,     ///< nothing would be won
  move      ///< a new block of the same size would lie in a fuller slab
};

/// Returns: whether it is known what blocks of `resource` have around them: jemalloc itself, and
/// `counting_resource`s above it. tcmalloc and libc cannot tell, nor can it be told through other
/// decorators, whose blocks may be parts of larger ones, nor through a `counting_resource` that a
/// program compiled with -fno-rtti.
/// Complexity: a `dynamic_cast` or two for each `counting_resource`.
[[nodiscard]] ZPMR_EXPORT bool has_relocation_hints(
    const std::pmr::memory_resource& resource) noexcept;

/// Returns: what is best for `block`; `unknown` unless `has_relocation_hints(resource)`.
/// Preconditions: `block` is a live block of `resource`, or an address in its first page. jemalloc
/// crashes on others.
[[nodiscard]] ZPMR_EXPORT relocation relocation_hint(const std::pmr::memory_resource& resource,
                                                     const void* block) noexcept;

/// Effects: writes what is best for each of `blocks`; faster than one after the other where many
/// are to stay.
/// Preconditions: as above for each of them; `hints` has as many elements as `blocks`.
ZPMR_EXPORT void relocation_hints(const std::pmr::memory_resource& resource,
                                  std::span<const void* const> blocks,
                                  std::span<relocation> hints) noexcept;

}  // namespace zpmr
