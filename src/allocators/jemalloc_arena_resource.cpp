// SPDX-License-Identifier: MIT
#include <bit>
#include <zpmr/detail/request.hpp>
#include <zpmr/jemalloc_arena_resource.hpp>

#include "allocators/jemalloc_mallctl.hpp"
#include "allocators/jemalloc_own_arena.hpp"
#include "allocators/jemalloc_stats.hpp"
#include "base/check.hpp"

namespace zpmr {
namespace {

/// A request in jemalloc's terms.
struct request {
  std::size_t bytes;
  int flags;
};

request request_of(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment > detail::size_table::largest_alignment) {
    return {detail::at_least_one(bytes), std::countr_zero(alignment)};
  }
  return {detail::size_table::request(bytes, alignment), 0};
}

}  // namespace

jemalloc_arena_resource::jemalloc_arena_resource() : own_(std::make_unique<detail::own_arena>()) {}

jemalloc_arena_resource::~jemalloc_arena_resource() = default;

void* jemalloc_arena_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  if (!detail::can_exist(bytes, alignment)) [[unlikely]] {
    detail::throw_bad_alloc();
  }
  const auto [size, flags] = request_of(bytes, alignment);
  const detail::arena_caches::use cache(own_->caches);
  return detail::checked_block(ZPMR_JE(mallocx)(size, flags | cache.flags()));
}

void jemalloc_arena_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  const auto [size, flags] = request_of(bytes, alignment);
  const detail::arena_caches::use cache(own_->caches);
  detail::zpmr_je_sdallocx(block, size, flags | cache.flags());
}

void jemalloc_arena_resource::release() noexcept {
  own_->reset();
}

jemalloc_arena jemalloc_arena_resource::arena() const noexcept {
  return jemalloc_arena(own_->index);
}

std::string_view jemalloc_arena_resource::name() const noexcept {
  return jemalloc()->name();
}

std::string_view jemalloc_arena_resource::version() const noexcept {
  return jemalloc()->version();
}

allocator_stats jemalloc_arena_resource::stats() const {
  const bool emptied = own_->caches.empty_while_in_use();
  allocator_stats stats = detail::je::stats_of(own_->index);
  if (!emptied) {
    stats.allocated.reset();
    stats.small_bin_fragmentation.reset();
  }
  return stats;
}

bool jemalloc_arena_resource::release_free_memory() noexcept {
  return detail::je::purges(own_->index, [&] {
    own_->caches.empty_while_in_use();
    detail::je::purge(own_->index);
  });
}

}  // namespace zpmr
