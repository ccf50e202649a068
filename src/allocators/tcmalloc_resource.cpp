// SPDX-License-Identifier: MIT
#include <bit>
#include <zpmr/detail/request.hpp>
#include <zpmr/tcmalloc_control.hpp>
#include <zpmr/tcmalloc_resource.hpp>

#include "allocators/library_version.hpp"
#include "allocators/process_allocators.hpp"
#include "allocators/size_classes.hpp"
#include "allocators/tcmalloc_entries.hpp"
#include "base/check.hpp"
#include "base/resource_cast.hpp"
#include "platform/thread_sanitizer.hpp"

namespace zpmr {

constinit detail::size_table detail::tcmalloc_sizes;

namespace {

// tcmalloc tells nothing until its own static constructors have run.
std::optional<std::size_t> read_bytes(const char* name) noexcept {
  std::size_t value = 0;
  if (ZPMR_TC(MallocExtension_GetNumericProperty)(name, &value) == 0) {
    return std::nullopt;
  }
  return value;
}

// The figures are of different moments: while threads run, the lesser may have overtaken.
std::optional<std::size_t> difference(std::optional<std::size_t> more,
                                      std::optional<std::size_t> less) noexcept {
  return more && less ? std::optional(*more - std::min(*more, *less)) : std::nullopt;
}

// tcmalloc takes what lies in its caches off its pages. The caches are looked at one after another:
// with little in use and busy threads it may find more in them than there is.
std::optional<std::size_t> allocated_bytes() noexcept {
  const auto allocated = read_bytes("generic.current_allocated_bytes");
  const auto heap = read_bytes("generic.heap_size");
  if (!allocated || !heap) return std::nullopt;
  return *allocated <= *heap ? *allocated : 0;
}

// Since the start: what threads allocate meanwhile does not lessen it.
std::optional<std::size_t> given_back_bytes() noexcept {
  return read_bytes("tcmalloc.pageheap_total_decommit_bytes");
}

}  // namespace

constinit detail::never_destroyed<tcmalloc_resource> detail::process_tcmalloc;

tcmalloc_resource* tcmalloc() noexcept {
  return &detail::process_tcmalloc.value;
}

void* tcmalloc_resource::allocate_known(std::size_t bytes, std::size_t alignment) noexcept {
  void* const block = ZPMR_TC(tc_malloc)(detail::size_table::request(bytes, alignment));
  detail::handed_over_from_freeing_thread(block, bytes);
  return block;
}

void tcmalloc_resource::deallocate_known(void* block, std::size_t bytes,
                                         std::size_t alignment) noexcept {
  detail::hand_over_to_allocating_thread(block, bytes);
  ZPMR_TC(tc_free_sized)(block, detail::size_table::request(bytes, alignment));
}

void* tcmalloc_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  if (!detail::can_exist(bytes, alignment)) [[unlikely]] {
    detail::throw_bad_alloc();
  }
  if (alignment <= detail::size_table::largest_alignment) [[likely]] {
    return detail::checked_block(allocate_known(bytes, alignment));
  }
  void* const block = ZPMR_TC(tc_memalign)(alignment, detail::at_least_one(bytes));
  detail::handed_over_from_freeing_thread(block, bytes);
  return detail::checked_block(block);
}

void tcmalloc_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (alignment <= detail::size_table::largest_alignment) [[likely]] {
    return deallocate_known(block, bytes, alignment);
  }
  detail::hand_over_to_allocating_thread(block, bytes);
  ZPMR_TC(tc_free)(block);  // tc_free_sized takes the class of the size alone
}

bool tcmalloc_resource::do_is_equal(const memory_resource& other) const noexcept {
  return detail::resource_cast<tcmalloc_resource>(&other) != nullptr;
}

std::string_view tcmalloc_resource::name() const noexcept {
  return "tcmalloc";
}

std::string_view tcmalloc_resource::version() const noexcept {
  static constinit detail::library_version text;
  // The library says "gperftools 2.10".
  const std::string_view full = ZPMR_TC(tc_version)(nullptr, nullptr, nullptr);
  return text.view(name(), full.substr(full.rfind(' ') + 1));
}

std::size_t tcmalloc_resource::ask_usable_size(std::size_t bytes, std::size_t alignment) noexcept {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  return detail::ask_usable_size(ZPMR_TC(tc_nallocx), detail::tcmalloc_sizes, bytes, alignment);
}

allocator_stats tcmalloc_resource::stats() const {
  const auto committed = read_bytes("tcmalloc.pageheap_committed_bytes");
  const auto resident = read_bytes("generic.total_physical_bytes");
  return {
      .allocated = allocated_bytes(),
      .active = difference(committed, read_bytes("tcmalloc.pageheap_free_bytes")),
      .metadata = difference(resident, committed),
      .resident = resident,
      .mapped = committed,
      .retained = read_bytes("tcmalloc.pageheap_unmapped_bytes"),
      .muzzy = std::nullopt,
      .small_bin_fragmentation = std::nullopt,
  };
}

bool tcmalloc_resource::release_free_memory() noexcept {
  const auto before = given_back_bytes();
  flush_tcmalloc_thread_cache();
  ZPMR_TC(MallocExtension_ReleaseFreeMemory)();
  return given_back_bytes() > before;
}

}  // namespace zpmr
