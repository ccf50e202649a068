// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <unistd.h>

#include <zpmr/zmalloc.h>
#include <cstdint>
#include <exception>
#include <zpmr/config.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/process_memory.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_control.hpp>
#include <zpmr/jemalloc_resource.hpp>
#endif

#include "platform/proc_figures.hpp"

// What zmalloc.h tells of the allocator and the process, and how it has memory given back.

namespace zpmr::detail {

namespace {

#if ZPMR_WITH_JEMALLOC
bool jemalloc_serves() noexcept {
  return default_allocator() == jemalloc();
}
#endif

std::size_t page_size() noexcept {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void tell(std::size_t* into, std::optional<std::size_t> figure) noexcept {
  if (into != nullptr) *into = figure.value_or(0);
}

}  // namespace

}  // namespace zpmr::detail

using namespace zpmr::detail;

extern "C" {

// The allocators' texts end with a zero.
const char* zmalloc_lib() noexcept {
  return zpmr::default_allocator()->version().data();
}

int zmalloc_get_allocator_info(std::size_t* allocated, std::size_t* active,
                               std::size_t* resident) noexcept {
  const zpmr::allocator_stats stats = zpmr::default_allocator()->stats();
  tell(allocated, stats.allocated);
  tell(active, stats.active);
  tell(resident, stats.resident);
  return 1;
}

void set_jemalloc_bg_thread([[maybe_unused]] int enable) noexcept {
#if ZPMR_WITH_JEMALLOC
  if (!jemalloc_serves()) return;
  try {
    enable != 0 ? zpmr::start_jemalloc_background_threads()
                : zpmr::stop_jemalloc_background_threads();
  } catch (const std::exception&) {
    // As Redis has it: there is no way to tell, and the program goes on as well without.
  }
#endif
}

int jemalloc_purge() noexcept {
#if ZPMR_WITH_JEMALLOC
  if (jemalloc_serves()) zpmr::jemalloc()->release_free_memory();
#endif
  return 0;
}

void zmadvise_dontneed(void* block) noexcept {
  if (block == nullptr) return;
  const std::size_t page = page_size();
  const auto start = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = (start + page - 1) / page * page;
  const std::uintptr_t last = (start + zmalloc_usable_size(block)) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

// Not sample_process_memory() where it can be helped: Redis asks ten times a second, and that one
// walks the page tables to be exact.
std::size_t zmalloc_get_rss() noexcept {
  constexpr int resident_pages = 24;
  if (const auto pages = read_stat_field(resident_pages)) {
    return static_cast<std::size_t>(*pages) * page_size();
  }
  return zpmr::sample_process_memory().resident.value_or(0);
}

std::size_t zmalloc_get_memory_size() noexcept {
  return zpmr::sample_process_memory().physical.value_or(0);
}

std::size_t zmalloc_get_smap_bytes_by_field(const char* field, long pid) noexcept {
  return (pid == -1 ? zpmr::smaps_field(field) : read_smaps_field_of(pid, field)).value_or(0);
}

std::size_t zmalloc_get_private_dirty(long pid) noexcept {
  return zmalloc_get_smap_bytes_by_field("Private_Dirty:", pid);
}

int get_proc_stat_ll(int field, long long* value) noexcept {
  const std::optional<long long> found = read_stat_field(field);
  if (found) *value = *found;
  return found ? 1 : 0;
}

}  // extern "C"
