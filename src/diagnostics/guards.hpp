// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <zpmr/checked_resource.hpp>

/// \file
/// The bytes around a block that nobody may write to, and those of a freed one. Where the address
/// sanitizer runs, it is told of them too, and stops who touches them at once.

namespace zpmr::detail {

inline constexpr std::size_t guard_bytes = 64;

/// How a block lies in what is taken from the upstream.
struct guarded_layout {
  std::size_t front;  ///< from the upstream's block to ours
  std::size_t total;
  std::size_t alignment;

  guarded_layout(std::size_t bytes, std::size_t of_block, std::size_t least_alignment) noexcept
      : front(std::max({of_block, least_alignment, guard_bytes})),
        total(front + bytes + guard_bytes),
        alignment(std::max(of_block, least_alignment)) {}
};

struct damage {
  misuse_kind kind;
  std::ptrdiff_t offset;  ///< of the first byte, from the block's start
};

/// Effects: writes the guards of a block.
void write_guards(const void* block, std::size_t bytes) noexcept;

/// Effects: where one of the guards was overwritten, makes it good.
std::optional<damage> mend_guards(const void* block, std::size_t bytes) noexcept;

/// Effects: overwrites a freed block, or leaves its bytes. From now on nobody may touch it.
void retire(const void* block, std::size_t bytes, freed_bytes freed) noexcept;

/// Effects: where a block that is retired, or its guards, were overwritten, makes it good.
std::optional<damage> mend_retired(const void* block, std::size_t bytes,
                                   freed_bytes freed) noexcept;

/// Effects: all that the upstream gave may be touched again.
void open(const void* start, std::size_t total) noexcept;

}  // namespace zpmr::detail
