// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// A scope in which blocks are moved to better places. `defragment` makes its own; this is for
/// those who move blocks themselves, on the advice of `relocation_hint`.
///
/// Thread safety: belongs to the thread that made it.
///
/// \snippet defragment_a_cache.cpp hint

namespace zpmr {

/// While one lives, two things are held back on its thread. jemalloc's thread cache: through it, a
/// block that was moved would be handed out again as the next one's new place, and nothing would be
/// won. And policies: one that evicts would change the very container whose blocks are being moved.
/// So a second block fits beside the first, or is refused. Scopes nest.
///
/// Complexity: making one empties the thread's cache.
class ZPMR_EXPORT relocation_scope {
 public:
  relocation_scope() noexcept;
  ~relocation_scope();
  relocation_scope(const relocation_scope&) = delete;
  relocation_scope& operator=(const relocation_scope&) = delete;

 private:
  bool had_cache_;
};

static_assert(!std::is_copy_constructible_v<relocation_scope>);

}  // namespace zpmr
