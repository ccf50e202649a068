// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <zpmr/zmalloc.hpp>

#include "zmalloc/zmalloc_functions.hpp"

namespace zpmr::detail {

namespace {

[[noreturn]] void print_and_abort(std::size_t bytes) {
  char line[80];
  const int length = std::snprintf(line, sizeof line,
                                   "zmalloc: Out of memory trying to allocate %zu bytes\n", bytes);
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, line, static_cast<std::size_t>(length));
  std::abort();
}

constinit std::atomic<void (*)(std::size_t)> out_of_memory_handler{print_and_abort};

void* or_handler(void* block, std::size_t bytes) noexcept {
  return block != nullptr ? block : zmalloc_out_of_memory(bytes);
}

/// Effects: as the functions of the table, but `*usable` is 0 where there is no block.
void* report(void* block, std::size_t* usable) noexcept {
  if (block == nullptr && usable != nullptr) *usable = 0;
  return block;
}

void* reallocate(void* block, std::size_t bytes, std::size_t* usable) noexcept {
  if (block == nullptr) return zmalloc_chosen().try_allocate(bytes, usable);
  if (bytes != 0) return zmalloc_chosen().reallocate(block, bytes, usable);
  zmalloc_chosen().free(block);
  return nullptr;
}

/// To free is no failure, though it gives null as well.
void* or_handler_or_freed(void* block, const void* before, std::size_t bytes) noexcept {
  return before != nullptr && bytes == 0 ? nullptr : or_handler(block, bytes);
}

void* allocate_aligned(std::size_t alignment, std::size_t bytes) noexcept {
  return std::has_single_bit(alignment) ? zmalloc_chosen().allocate_aligned(alignment, bytes)
                                        : nullptr;
}

}  // namespace

// The handler may as well leave by longjmp: nothing is held here.
void* zmalloc_out_of_memory(std::size_t bytes) noexcept {
  // Acquire: what the thread that set the handler has written for it.
  out_of_memory_handler.load(std::memory_order_acquire)(bytes);
  return nullptr;
}

}  // namespace zpmr::detail

using namespace zpmr::detail;

extern "C" {

void* zmalloc(std::size_t size) noexcept {
  return zmalloc_chosen().allocate(size);
}
void* ztrymalloc(std::size_t size) noexcept {
  return zmalloc_chosen().try_allocate(size, nullptr);
}
void* zmalloc_usable(std::size_t size, std::size_t* usable) noexcept {
  return or_handler(ztrymalloc_usable(size, usable), size);
}
void* ztrymalloc_usable(std::size_t size, std::size_t* usable) noexcept {
  return report(zmalloc_chosen().try_allocate(size, usable), usable);
}

void* zcalloc(std::size_t size) noexcept {
  return or_handler(ztrycalloc(size), size);
}
void* ztrycalloc(std::size_t size) noexcept {
  return zmalloc_chosen().allocate_zeroed(size, nullptr);
}
void* zcalloc_usable(std::size_t size, std::size_t* usable) noexcept {
  return or_handler(ztrycalloc_usable(size, usable), size);
}
void* ztrycalloc_usable(std::size_t size, std::size_t* usable) noexcept {
  return report(zmalloc_chosen().allocate_zeroed(size, usable), usable);
}
void* zcalloc_num(std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? zmalloc_out_of_memory(SIZE_MAX)
                                                     : zcalloc(bytes);
}

void* zrealloc(void* block, std::size_t size) noexcept {
  return or_handler_or_freed(reallocate(block, size, nullptr), block, size);
}
void* ztryrealloc(void* block, std::size_t size) noexcept {
  return reallocate(block, size, nullptr);
}
void* zrealloc_usable(void* block, std::size_t size, std::size_t* usable) noexcept {
  return or_handler_or_freed(ztryrealloc_usable(block, size, usable), block, size);
}
void* ztryrealloc_usable(void* block, std::size_t size, std::size_t* usable) noexcept {
  return report(reallocate(block, size, usable), usable);
}

void* zmalloc_aligned(std::size_t alignment, std::size_t size) noexcept {
  return or_handler(allocate_aligned(alignment, size), size);
}
void* zmalloc_cache_aligned(std::size_t size) noexcept {
  constexpr std::size_t line = 64;
  const std::size_t rest = (line - size % line) % line;
  return or_handler(size > SIZE_MAX - rest ? nullptr : allocate_aligned(line, size + rest), size);
}

char* zstrdup(const char* string) noexcept {
  const std::size_t size = std::strlen(string) + 1;
  void* const copy = zmalloc(size);
  return copy != nullptr ? static_cast<char*>(std::memcpy(copy, string, size)) : nullptr;
}

void* zmalloc_no_tcache(std::size_t size) noexcept {
  return or_handler(zmalloc_chosen().allocate_uncached(size), size);
}
void zfree_no_tcache(void* block) noexcept {
  if (block != nullptr) zmalloc_chosen().free_uncached(block);
}

void zfree(void* block) noexcept {
  if (block != nullptr) zmalloc_chosen().free(block);
}
void zfree_usable(void* block, std::size_t* usable) noexcept {
  if (usable != nullptr) *usable = zmalloc_usable_size(block);
  zfree(block);
}
void zfree_with_size(void* block, std::size_t usable) noexcept {
  if (block != nullptr) zmalloc_chosen().free_with_size(block, usable);
}

std::size_t zmalloc_size(void* block) noexcept {
  return block != nullptr ? zmalloc_chosen().size(block) : 0;
}
std::size_t zmalloc_usable_size(void* block) noexcept {
  return block != nullptr ? zmalloc_chosen().usable_size(block) : 0;
}
void* extend_to_usable(void* block, std::size_t) noexcept {
  return block;
}

// Reading makes no tracker: its parent may be given later.
std::size_t zmalloc_used_memory() noexcept {
  const zpmr::memory_tracker* const tracker = zmalloc_account.load(std::memory_order_acquire);
  return tracker != nullptr ? tracker->bytes_in_use() : 0;
}
std::size_t zmalloc_get_peak_memory() noexcept {
  const zpmr::memory_tracker* const tracker = zmalloc_account.load(std::memory_order_acquire);
  return tracker != nullptr ? tracker->peak_bytes() : 0;
}
void zmalloc_set_limit(std::size_t bytes) noexcept {
  zpmr::zmalloc_tracker().set_limit(bytes);
}

void zmalloc_set_oom_handler(void (*handler)(std::size_t)) noexcept {
  // Release: see where it is loaded.
  out_of_memory_handler.store(handler != nullptr ? handler : print_and_abort,
                              std::memory_order_release);
}

void zlibc_free(void* block) noexcept {
  std::free(block);
}

}  // extern "C"
