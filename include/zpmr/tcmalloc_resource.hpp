// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/config.hpp>
#include <zpmr/detail/size_table.hpp>
#include <zpmr/export.hpp>

#if !ZPMR_WITH_TCMALLOC
#error \
    "zpmr was built without tcmalloc. Build it with -DZPMR_WITH_TCMALLOC=ON, or leave this header out."
#endif

/// \file
/// tcmalloc as a memory resource: a private copy of the library, beside the program's own malloc.
///
/// Thread safety: every function may be called from any thread, also before `main` and after it.
///
/// \snippet pick_an_allocator.cpp tcmalloc

namespace zpmr {

namespace detail {
ZPMR_EXPORT extern constinit size_table tcmalloc_sizes;
}

template <class Upstream>
class counting_resource;

/// tcmalloc. All objects of this class are equal: they share the one copy of the library.
class ZPMR_EXPORT tcmalloc_resource final : public allocator_resource {
 public:
  constexpr tcmalloc_resource() noexcept = default;

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
  [[nodiscard]] std::size_t usable_size(std::size_t bytes,
                                        std::size_t alignment) const noexcept override {
    const std::size_t known = detail::tcmalloc_sizes.look_up(bytes, alignment);
    return known != 0 ? known : ask_usable_size(bytes, alignment);
  }
  [[nodiscard]] const detail::size_table* known_sizes() const noexcept override {
    return &detail::tcmalloc_sizes;
  }
  [[nodiscard]] allocator_stats stats() const override;
  bool release_free_memory() noexcept override;

 private:
  template <class Upstream>
  friend class counting_resource;

  /// For alignments up to that of the table. Returns: null if there is no memory.
  static void* allocate_known(std::size_t bytes, std::size_t alignment) noexcept;
  static void deallocate_known(void* block, std::size_t bytes, std::size_t alignment) noexcept;
  [[gnu::cold]] static std::size_t ask_usable_size(std::size_t bytes,
                                                   std::size_t alignment) noexcept;
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, tcmalloc_resource>);
static_assert(std::is_final_v<tcmalloc_resource>);

/// Returns: the process-wide resource. It is initialised before any code runs and never destroyed.
ZPMR_EXPORT tcmalloc_resource* tcmalloc() noexcept;

}  // namespace zpmr
