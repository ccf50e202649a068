// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <type_traits>
#include <zpmr/detail/size_table.hpp>
#include <zpmr/export.hpp>

/// \file
/// The interface of the allocator resources: what a real allocator can tell and do beyond
/// `std::pmr::memory_resource`.
///
/// Thread safety: every function may be called from any thread, at any time, also before `main` and
/// after it.
///
/// \snippet pick_an_allocator.cpp example

namespace zpmr {

/// What an allocator says of itself, in bytes. A field is empty where the allocator cannot tell; it
/// is never a made-up zero. The terms are jemalloc's.
struct allocator_stats {
  std::optional<std::size_t> allocated;  ///< in blocks that the program holds
  std::optional<std::size_t> active;     ///< in pages with at least one such block
  std::optional<std::size_t> metadata;   ///< the allocator's own bookkeeping
  std::optional<std::size_t> resident;   ///< in physical pages that the allocator maps
  std::optional<std::size_t> mapped;     ///< in chunks of address space in use
  std::optional<std::size_t> retained;   ///< given back to the system, address space kept
  std::optional<std::size_t> muzzy;  ///< given back lazily: the system takes it when it needs it
  /// Free slots inside slabs of small blocks: the sum over all size classes of
  /// (slots per slab * slabs - slots in use) * slot size.
  std::optional<std::size_t> small_bin_fragmentation;

  friend bool operator==(const allocator_stats&, const allocator_stats&) = default;
};

/// Effects: writes all figures on one line, without its end, as one unit: width and fill apply to
/// the whole, other format flags to nothing. Nothing is allocated.
ZPMR_EXPORT std::ostream& operator<<(std::ostream& out, const allocator_stats& stats);

/// A memory resource that is a real allocator.
///
/// Requests: zero bytes give a distinct block that must be freed. Every alignment that is a power
/// of two works. A request that cannot be met throws `std::bad_alloc`; null is never returned. Two
/// resources are equal when either can free what the other allocated.
class ZPMR_EXPORT allocator_resource : public std::pmr::memory_resource {
 public:
  /// Returns: the allocator's name, as `find_allocator` takes it: "jemalloc".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Returns: name and version of the library in use: "jemalloc-5.3.0".
  [[nodiscard]] virtual std::string_view version() const noexcept = 0;

  /// Returns: the bytes that a request of `bytes` at `alignment` takes, before it is made; a pure
  /// function of its arguments, so allocating and freeing always agree. 0 if no such block can
  /// exist; else at least `bytes` and at most `PTRDIFF_MAX`. Preconditions: `alignment` is a power
  /// of two. Complexity: constant; a table look-up for small sizes.
  [[nodiscard]] virtual std::size_t usable_size(std::size_t bytes,
                                                std::size_t alignment) const noexcept = 0;

  /// For `counting_resource`, which is saved the call above. Do not override: the allocators of
  /// zpmr do.
  [[nodiscard]] virtual const detail::size_table* known_sizes() const noexcept { return nullptr; }

  /// Returns: the allocator's figures of the moment; docs/allocators.md says what each is made of.
  [[nodiscard]] virtual allocator_stats stats() const = 0;

  /// Effects: has the allocator give its free memory back to the system, this thread's cache
  /// included. Returns: whether any was given back meanwhile.
  virtual bool release_free_memory() noexcept = 0;
};

static_assert(std::is_abstract_v<allocator_resource>);
static_assert(std::is_base_of_v<std::pmr::memory_resource, allocator_resource>);

}  // namespace zpmr
