// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <type_traits>
#include <zpmr/export.hpp>
#include <zpmr/jemalloc_control.hpp>
#include <zpmr/jemalloc_resource.hpp>

/// \file
/// A part of jemalloc of one's own: its blocks share no page with others, its figures are exact,
/// and all of it can be given back at once. Not part of `zpmr.hpp`: include it where needed.
///
/// Thread safety: allocating, freeing and reading figures from any thread; `release` and the
/// destructor while no other thread uses the resource.
///
/// \snippet arena_of_its_own.cpp example

namespace zpmr {

namespace detail {
class own_arena;
}

/// An arena of jemalloc, and thread caches in front of it that hold blocks of this arena only.
/// docs/allocators.md says what that costs.
///
/// A process can have about 4,000 of them at a time, and 4,094 thread caches in all: one for each
/// thread and arena. A thread that gets none works without, and more slowly; so do all threads
/// where the system has no `membarrier`. A block may be freed on another thread. A child of `fork`
/// goes on; a block that another thread was just handling may stay allocated there. Its blocks have
/// no relocation hints, so `defragment` leaves them where they are.
class ZPMR_EXPORT jemalloc_arena_resource final : public allocator_resource {
 public:
  /// Throws: `std::system_error` if jemalloc has no arena left; `std::bad_alloc`.
  jemalloc_arena_resource();

  jemalloc_arena_resource(const jemalloc_arena_resource&) = delete;
  jemalloc_arena_resource& operator=(const jemalloc_arena_resource&) = delete;

  /// Effects: `release()`, and the arena is there for the next resource. Threads that used this one
  /// may live on.
  ~jemalloc_arena_resource() override;

  // Hiding the base's functions makes a call through the static type direct.
  [[nodiscard]] void* allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) {
    return do_allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) {
    do_deallocate(block, bytes, alignment);
  }

  /// Effects: frees all blocks at once, whether they were deallocated or not, and gives their pages
  /// back to the system. What a `counting_resource` was charged for them stays charged.
  /// Preconditions: no other thread uses the resource meanwhile.
  /// Complexity: linear in the pages, not in the blocks.
  void release() noexcept;

  /// Returns: the arena, to set its decay times and to read the figures without emptying caches.
  [[nodiscard]] jemalloc_arena arena() const noexcept;

  /// Returns: "jemalloc"; the blocks are as `jemalloc()` would give them.
  [[nodiscard]] std::string_view name() const noexcept override;
  [[nodiscard]] std::string_view version() const noexcept override;
  [[nodiscard]] std::size_t usable_size(std::size_t bytes,
                                        std::size_t alignment) const noexcept override {
    return jemalloc_resource{}.usable_size(bytes, alignment);
  }
  [[nodiscard]] const detail::size_table* known_sizes() const noexcept override {
    return &detail::jemalloc_sizes;
  }

  /// Effects: empties the thread caches, as blocks in them would count as allocated.
  /// Returns: the figures of this arena alone. `allocated` is the sum of the usable sizes of all
  /// blocks in use, exactly, but for what other threads do meanwhile. It and
  /// `small_bin_fragmentation` are empty if the system no longer lets the caches be emptied.
  [[nodiscard]] allocator_stats stats() const override;

  /// Effects: gives the pages without blocks back to the system; the thread caches are emptied
  /// before. Returns: whether there were any.
  bool release_free_memory() noexcept override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::unique_ptr<detail::own_arena> own_;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, jemalloc_arena_resource>);
static_assert(std::is_final_v<jemalloc_arena_resource>);
static_assert(!std::is_copy_constructible_v<jemalloc_arena_resource>);
static_assert(!std::is_move_constructible_v<jemalloc_arena_resource>);

}  // namespace zpmr
