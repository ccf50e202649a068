// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/config.hpp>
#include <zpmr/detail/request.hpp>
#include <zpmr/detail/size_table.hpp>
#include <zpmr/export.hpp>

#if !ZPMR_WITH_JEMALLOC
#error \
    "zpmr was built without jemalloc. Build it with -DZPMR_WITH_JEMALLOC=ON, or leave this header out."
#endif

/// \file
/// jemalloc as a memory resource: a private copy of the library, beside the program's own malloc.
/// The copy is configured by the environment variable `ZPMR_JE_MALLOC_CONF`, not by `MALLOC_CONF`.
///
/// Thread safety: every function may be called from any thread, also before `main` and after it.
///
/// \snippet pick_an_allocator.cpp jemalloc

namespace zpmr {

namespace detail {
ZPMR_EXPORT extern constinit size_table jemalloc_sizes;

// Small requests go straight into jemalloc.
extern "C" void* zpmr_je_malloc(std::size_t bytes) noexcept;
extern "C" void zpmr_je_sdallocx(void* block, std::size_t bytes, int flags) noexcept;
}  // namespace detail

template <class Upstream>
class counting_resource;

/// jemalloc. All objects of this class are equal: they share the one copy of the library.
class ZPMR_EXPORT jemalloc_resource final : public allocator_resource {
 public:
  constexpr jemalloc_resource() noexcept = default;

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
    const std::size_t known = detail::jemalloc_sizes.look_up(bytes, alignment);
    return known != 0 ? known : ask_usable_size(bytes, alignment);
  }
  [[nodiscard]] const detail::size_table* known_sizes() const noexcept override {
    return &detail::jemalloc_sizes;
  }
  [[nodiscard]] allocator_stats stats() const override;
  bool release_free_memory() noexcept override;

 private:
  template <class Upstream>
  friend class counting_resource;

  /// For requests whose usable size is in the table. Returns: null if there is no memory.
  static void* allocate_known(std::size_t bytes, std::size_t alignment) noexcept {
    return detail::zpmr_je_malloc(detail::size_table::request(bytes, alignment));
  }
  static void deallocate_known(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    detail::zpmr_je_sdallocx(block, detail::size_table::request(bytes, alignment), 0);
  }
  [[gnu::cold]] static std::size_t ask_usable_size(std::size_t bytes,
                                                   std::size_t alignment) noexcept;
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (detail::jemalloc_sizes.look_up(bytes, alignment) == 0) [[unlikely]] {
      return allocate_unknown(bytes, alignment);
    }
    return detail::checked_block(allocate_known(bytes, alignment));
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    if (!detail::size_table::holds(bytes, alignment)) [[unlikely]] {
      return deallocate_large(block, bytes, alignment);
    }
    deallocate_known(block, bytes, alignment);
  }
  static void* allocate_unknown(std::size_t bytes, std::size_t alignment);
  static void deallocate_large(void* block, std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, jemalloc_resource>);
static_assert(std::is_final_v<jemalloc_resource>);

/// Returns: the process-wide resource. It is initialised before any code runs and never destroyed.
ZPMR_EXPORT jemalloc_resource* jemalloc() noexcept;

}  // namespace zpmr
