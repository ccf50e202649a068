// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/export.hpp>

/// \file
/// The C library's malloc as a memory resource, with the size of each block kept in front of it, as
/// zmalloc keeps it where the allocator cannot tell.
///
/// Thread safety: every function may be called from any thread, also before `main` and after it.
///
/// \snippet pick_an_allocator.cpp libc

namespace zpmr {

/// How a `libc_resource` knows the size of a block from its address.
enum class libc_block_size {
  prefix,  ///< kept in front of the block: 8 bytes up to alignment 8, else as many as the alignment
  system,  ///< asked of the C library (`malloc_usable_size`); nothing is kept
};

/// The program's own malloc and free. Objects with the same `libc_block_size` are equal.
///
/// In builds with `ZPMR_CHECKED` a free of null, with the wrong size or with another alignment, a
/// second free and an overwritten prefix stop the program with a message that names the block, both
/// sizes and the fault.
class ZPMR_EXPORT libc_resource final : public allocator_resource {
 public:
  /// Effects: makes a resource that knows the sizes of its blocks by `source`.
  constexpr explicit libc_resource(libc_block_size source = libc_block_size::prefix) noexcept
      : source_(source) {}

  // Hiding the base's functions makes a call through the static type direct.
  [[nodiscard]] void* allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) {
    return do_allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) {
    do_deallocate(block, bytes, alignment);
  }

  [[nodiscard]] std::string_view name() const noexcept override;
  [[nodiscard]] std::string_view version() const noexcept override;

  /// Returns: the request, and the prefix where there is one, rounded up to a multiple of
  /// `sizeof(long)`: zmalloc's formula. Never `malloc_usable_size`, which gives different answers
  /// for equal requests.
  [[nodiscard]] std::size_t usable_size(std::size_t bytes,
                                        std::size_t alignment) const noexcept override;

  /// Returns: the bytes that may be written at `block`, found from its address alone: what was
  /// requested (prefix), or what the C library says (system).
  /// Preconditions: `block` was allocated here and is not freed.
  [[nodiscard]] std::size_t block_size(const void* block) const noexcept;

  [[nodiscard]] allocator_stats stats() const override;

  /// Effects: `trim(0)`. Returns: as `trim`.
  bool release_free_memory() noexcept override;

  /// Effects: has the C library give back the free pages of its heap to the system, all but `pad`
  /// bytes at its end (`malloc_trim`). What lies in threads' caches stays.
  /// Returns: whether the process has fewer pages in memory than before, as Linux counts them;
  /// where other threads take new pages meanwhile it may be false though some were given back.
  /// Where the system does not tell: whether there were free pages. False, and nothing was done,
  /// where the program's malloc is not the C library's.
  /// Complexity: linear in the heap, and in the memory that the process has mapped.
  bool trim(std::size_t pad) noexcept;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override;

  libc_block_size source_;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, libc_resource>);
static_assert(std::is_final_v<libc_resource>);

/// Returns: the process-wide resource, with prefixes. It is initialised before any code runs and
/// never destroyed.
ZPMR_EXPORT libc_resource* libc() noexcept;

}  // namespace zpmr
