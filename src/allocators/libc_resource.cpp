// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <zpmr/detail/request.hpp>
#include <zpmr/libc_resource.hpp>
#include <zpmr/process_memory.hpp>

#include "allocators/libc_prefix.hpp"
#include "allocators/library_version.hpp"
#include "allocators/process_allocators.hpp"
#include "base/check.hpp"
#include "base/resource_cast.hpp"
#include "diagnostics/recently_freed.hpp"

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#if __GLIBC_PREREQ(2, 33)
#define ZPMR_HAS_MALLINFO2 1
#endif
#endif

namespace zpmr {
namespace {

void* allocate_aligned(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment <= alignof(std::max_align_t)) {
    // The program's malloc may be one that aligns small blocks to their size only.
    return std::malloc(std::max(bytes, alignment));
  }
  void* start = nullptr;
  return ::posix_memalign(&start, alignment, bytes) == 0 ? start : nullptr;
}

std::size_t prefix_of(libc_block_size source, std::size_t alignment) noexcept {
  return source == libc_block_size::prefix ? detail::prefix_bytes(alignment) : 0;
}

#if defined(__GLIBC__)

// Where a linked or preloaded allocator, or a sanitizer, has taken malloc's place, the C library's
// other functions speak of memory that nobody uses.
template <class F>
bool is_beside_malloc(F* function) noexcept {
  Dl_info one{};
  Dl_info other{};
  ::dladdr(reinterpret_cast<const void*>(&std::malloc), &one);
  ::dladdr(reinterpret_cast<const void*>(function), &other);
  return one.dli_fbase == other.dli_fbase;
}

#endif

std::size_t round_up_to_long(std::size_t bytes) noexcept {
  return (bytes + sizeof(long) - 1) / sizeof(long) * sizeof(long);
}

#if ZPMR_CHECKED

// One for both kinds of blocks: they are of one malloc, and so share its addresses.
constinit detail::recently_freed freed_blocks;

void note_allocated(const void* block) noexcept {
  freed_blocks.remove(block);
}

void check_prefix(const void* block, std::size_t bytes, std::size_t alignment) noexcept {
  const detail::block_facts written = detail::read_prefix(block);
  if (!written.are_as_written) {
    detail::fail(
        "libc block %p freed with %zu bytes, but its prefix, which says %zu, was overwritten, "
        "or it was not allocated here",
        block, bytes, written.bytes);
  }
  if (bytes != written.bytes) {
    detail::fail("libc block %p freed with %zu bytes, but it was allocated with %zu", block, bytes,
                 written.bytes);
  }
  if (std::min(alignment, detail::most_alignment) != written.alignment) {
    detail::fail(
        "libc block %p freed with %zu bytes and alignment %zu, but it was allocated with %zu bytes "
        "and alignment %zu",
        block, bytes, alignment, written.bytes, written.alignment);
  }
}

void check_free(const libc_resource& resource, libc_block_size source, const void* block,
                std::size_t bytes, std::size_t alignment) noexcept {
  if (block == nullptr) {
    detail::fail("libc block freed with %zu bytes is null", bytes);
  }
  if (const auto freed = freed_blocks.bytes_of(block)) {
    detail::fail("libc block %p freed with %zu bytes, but it was freed before, with %zu", block,
                 bytes, *freed);
  }
  if (source == libc_block_size::prefix) {
    check_prefix(block, bytes, alignment);
  } else if (const std::size_t size = resource.block_size(block); bytes > size) {
    // What the C library sets aside is an upper bound only.
    detail::fail("libc block %p freed with %zu bytes, but it has only %zu", block, bytes, size);
  }
  freed_blocks.add(block, bytes);
}

#else

void note_allocated(const void*) noexcept {}
void check_free(const libc_resource&, libc_block_size, const void*, std::size_t,
                std::size_t) noexcept {}

#endif

}  // namespace

constinit detail::never_destroyed<libc_resource> detail::process_libc;

libc_resource* libc() noexcept {
  return &detail::process_libc.value;
}

void* libc_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  if (!detail::can_exist(bytes, alignment)) [[unlikely]] {
    detail::throw_bad_alloc();
  }
  const std::size_t prefix = prefix_of(source_, alignment);
  void* start =
      detail::checked_block(allocate_aligned(detail::at_least_one(bytes) + prefix, alignment));
  void* block = static_cast<std::byte*>(start) + prefix;
  if (prefix != 0) {
    detail::write_prefix(block, bytes, alignment);
  }
  note_allocated(block);
  return block;
}

void libc_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  check_free(*this, source_, block, bytes, alignment);
  std::free(static_cast<std::byte*>(block) - prefix_of(source_, alignment));
}

bool libc_resource::do_is_equal(const memory_resource& other) const noexcept {
  const auto* same_class = detail::resource_cast<libc_resource>(&other);
  return same_class != nullptr && same_class->source_ == source_;
}

std::string_view libc_resource::name() const noexcept {
  return "libc";
}

std::string_view libc_resource::version() const noexcept {
#if defined(__GLIBC__)
  static constinit detail::library_version text;
  return text.view(name(), ::gnu_get_libc_version());
#else
  return name();
#endif
}

// Not malloc_usable_size, even where nothing is kept: that depends on where the block was found, so
// freeing would take off another number than allocating put on.
std::size_t libc_resource::usable_size(std::size_t bytes, std::size_t alignment) const noexcept {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  if (!detail::can_exist(bytes, alignment)) [[unlikely]] {
    return 0;
  }
  const std::size_t usable =
      round_up_to_long(detail::at_least_one(bytes) + prefix_of(source_, alignment));
  return usable <= PTRDIFF_MAX ? usable : 0;
}

std::size_t libc_resource::block_size(const void* block) const noexcept {
  if (source_ == libc_block_size::system) {
    return ::malloc_usable_size(const_cast<void*>(block));
  }
  const detail::block_facts written = detail::read_prefix(block);
  if (!written.are_as_written) [[unlikely]] {
    detail::fail(
        "libc block %p: its prefix, which says %zu bytes, was overwritten, "
        "or it was not allocated here",
        block, written.bytes);
  }
  return written.bytes;
}

allocator_stats libc_resource::stats() const {
  allocator_stats stats;
#if ZPMR_HAS_MALLINFO2
  if (is_beside_malloc(&::mallinfo2)) {
    const struct mallinfo2 figures = ::mallinfo2();
    stats.allocated = figures.uordblks + figures.hblkhd;
    stats.mapped = figures.arena + figures.hblkhd;
  }
#endif
  return stats;
}

bool libc_resource::release_free_memory() noexcept {
  return trim(0);
}

bool libc_resource::trim([[maybe_unused]] std::size_t pad) noexcept {
#if defined(__GLIBC__)
  if (!is_beside_malloc(&::malloc_trim)) return false;
  const auto before = smaps_field("Rss");
  const bool had_free_pages = ::malloc_trim(pad) != 0;
  const auto after = smaps_field("Rss");
  // malloc_trim gives back what is given back already, again and again, and says so each time.
  return had_free_pages && (!before || !after || *after < *before);
#else
  return false;
#endif
}

}  // namespace zpmr
