// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/config.hpp>
#include <zpmr/export.hpp>

#if !ZPMR_WITH_MIMALLOC
#error \
    "zpmr was built without mimalloc. Build it with -DZPMR_WITH_MIMALLOC=ON, or leave this header out."
#endif

/// \file
/// mimalloc as a memory resource. It is not linked: the first use opens `libmimalloc.so.2`, beside
/// the program's own malloc. Where that is missing one line on stderr says so, every allocation
/// throws `std::bad_alloc`, no request has a usable size, and no figure is known.
///
/// Thread safety: every function may be called from any thread, also before `main` and after it;
/// but the first use must not overlap a `fork`, as `dlopen` does not survive that.
///
/// \snippet pick_an_allocator.cpp example

namespace zpmr {

/// mimalloc. All objects of this class are equal: they share the one library.
class ZPMR_EXPORT mimalloc_resource final : public allocator_resource {
 public:
  constexpr mimalloc_resource() noexcept = default;

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

  /// Returns: name and version, or the name alone where the library is missing.
  [[nodiscard]] std::string_view version() const noexcept override;

  /// Returns: what mimalloc 2.0 sets aside. At alignments above 16 that is the most it may: it
  /// takes less where it happens to have an aligned block. 0 also where the library is missing.
  [[nodiscard]] std::size_t usable_size(std::size_t bytes,
                                        std::size_t alignment) const noexcept override;

  /// Returns: `mapped`, the memory that mimalloc has committed. It keeps no count of the rest.
  [[nodiscard]] allocator_stats stats() const override;

  bool release_free_memory() noexcept override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, mimalloc_resource>);
static_assert(std::is_final_v<mimalloc_resource>);

/// Returns: the process-wide resource. It is initialised before any code runs and never destroyed.
ZPMR_EXPORT mimalloc_resource* mimalloc() noexcept;

}  // namespace zpmr
