// SPDX-License-Identifier: MIT
#include <atomic>
#include <bit>
#include <cstdint>
#include <zpmr/detail/request.hpp>
#include <zpmr/jemalloc_control.hpp>
#include <zpmr/jemalloc_resource.hpp>

#include "allocators/jemalloc_mallctl.hpp"
#include "allocators/jemalloc_stats.hpp"
#include "allocators/library_version.hpp"
#include "allocators/process_allocators.hpp"
#include "allocators/size_classes.hpp"
#include "base/check.hpp"
#include "base/resource_cast.hpp"

#if !ZPMR_JEMALLOC_PRIVATE
#include <dlfcn.h>

extern "C" void sdallocx(void* block, std::size_t bytes, int flags);

// The plain name malloc is that of whichever library was linked first; these are jemalloc's.
void* zpmr::detail::zpmr_je_malloc(std::size_t bytes) noexcept {
  return mallocx(bytes, 0);
}
void zpmr::detail::zpmr_je_sdallocx(void* block, std::size_t bytes, int flags) noexcept {
  sdallocx(block, bytes, flags);
}
#endif

namespace zpmr {

constinit detail::size_table detail::jemalloc_sizes;

namespace {

#if ZPMR_JEMALLOC_PRIVATE

constexpr auto nallocx_of_jemalloc = zpmr_je_nallocx;

#else

// The plain name nallocx is that of whichever library was linked first.
using nallocx_function = std::size_t (*)(std::size_t, int);
constinit std::atomic<nallocx_function> found_nallocx{nullptr};

[[gnu::cold]] nallocx_function find_nallocx() noexcept {
  void* library = ::dlopen("libjemalloc.so.2", RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) {
    detail::fail("jemalloc is not there as libjemalloc.so.2");
  }
  const auto function = reinterpret_cast<nallocx_function>(::dlsym(library, "nallocx"));
  found_nallocx.store(function, std::memory_order_relaxed);
  return function;
}

std::size_t nallocx_of_jemalloc(std::size_t bytes, int flags) {
  // Relaxed: the code that it points to was there before.
  const nallocx_function known = found_nallocx.load(std::memory_order_relaxed);
  return (known != nullptr ? known : find_nallocx())(bytes, flags);
}

#endif

constinit detail::je::control version_of_library{"version"};

}  // namespace

constinit detail::never_destroyed<jemalloc_resource> detail::process_jemalloc;

jemalloc_resource* jemalloc() noexcept {
  return &detail::process_jemalloc.value;
}

void* jemalloc_resource::allocate_unknown(std::size_t bytes, std::size_t alignment) {
  if (ask_usable_size(bytes, alignment) == 0) detail::throw_bad_alloc();
  if (alignment > detail::size_table::largest_alignment) {
    return detail::checked_block(
        ZPMR_JE(mallocx)(detail::at_least_one(bytes), std::countr_zero(alignment)));
  }
  return detail::checked_block(
      detail::zpmr_je_malloc(detail::size_table::request(bytes, alignment)));
}

void jemalloc_resource::deallocate_large(void* block, std::size_t bytes,
                                         std::size_t alignment) noexcept {
  if (alignment > detail::size_table::largest_alignment) [[unlikely]] {
    detail::zpmr_je_sdallocx(block, detail::at_least_one(bytes), std::countr_zero(alignment));
  } else {
    detail::zpmr_je_sdallocx(block, detail::size_table::request(bytes, alignment), 0);
  }
}

bool jemalloc_resource::do_is_equal(const memory_resource& other) const noexcept {
  return detail::resource_cast<jemalloc_resource>(&other) != nullptr;
}

std::string_view jemalloc_resource::name() const noexcept {
  return "jemalloc";
}

std::string_view jemalloc_resource::version() const noexcept {
  static constinit detail::library_version text;
  // The library says "5.3.0-0-g<commit>".
  const std::string_view full = version_of_library.read<const char*>().value_or("");
  return text.view(name(), full.substr(0, full.find('-')));
}

std::size_t jemalloc_resource::ask_usable_size(std::size_t bytes, std::size_t alignment) noexcept {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  return detail::ask_usable_size(nallocx_of_jemalloc, detail::jemalloc_sizes, bytes, alignment);
}

allocator_stats jemalloc_resource::stats() const {
  return detail::je::stats_of(detail::je::all_arenas);
}

bool jemalloc_resource::release_free_memory() noexcept {
  return detail::je::purges(detail::je::all_arenas, [] {
    flush_jemalloc_thread_cache();
    detail::je::purge(detail::je::all_arenas);
  });
}

}  // namespace zpmr
