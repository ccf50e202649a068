// SPDX-License-Identifier: MIT
#include <dlfcn.h>

#include <bit>
#include <optional>
#include <zpmr/detail/request.hpp>
#include <zpmr/detail/size_table.hpp>
#include <zpmr/mimalloc_resource.hpp>

#include "allocators/library_version.hpp"
#include "allocators/process_allocators.hpp"
#include "base/check.hpp"
#include "base/resource_cast.hpp"
#include "base/text.hpp"
#include "platform/thread_sanitizer.hpp"

namespace zpmr {
namespace {

// With RTLD_DEEPBIND mimalloc finds its own names before those of the program. The sanitizers stop
// a program that asks for it.
#if defined(__has_feature)
#define ZPMR_SANITIZER(name) __has_feature(name##_sanitizer)
#else
#define ZPMR_SANITIZER(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ZPMR_THREAD_SANITIZER) || ZPMR_SANITIZER(address) || \
    ZPMR_SANITIZER(memory)
constexpr int own_names_first = 0;
#else
constexpr int own_names_first = RTLD_DEEPBIND;
#endif

/// What is called of the library, as its header declares it.
struct entries {
  void* (*malloc)(std::size_t);
  void* (*malloc_aligned)(std::size_t bytes, std::size_t alignment);
  void (*free_size)(void*, std::size_t);
  void (*free_size_aligned)(void*, std::size_t bytes, std::size_t alignment);
  std::size_t (*good_size)(std::size_t);
  void (*collect)(bool force);
  void (*process_info)(std::size_t* elapsed, std::size_t* user, std::size_t* system,
                       std::size_t* resident, std::size_t* peak_resident, std::size_t* committed,
                       std::size_t* peak_committed, std::size_t* faults);
  int (*version)();
};

/// Returns: whether the function is there, in `function`.
template <class F>
bool find(void* library, const char* name, F*& function) noexcept {
  function = reinterpret_cast<F*>(::dlsym(library, name));
  return function != nullptr;
}

std::optional<entries> open_library() noexcept {
  void* const library = ::dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL | own_names_first);
  entries mi{};
  if (library != nullptr && find(library, "mi_malloc", mi.malloc) &&
      find(library, "mi_malloc_aligned", mi.malloc_aligned) &&
      find(library, "mi_free_size", mi.free_size) &&
      find(library, "mi_free_size_aligned", mi.free_size_aligned) &&
      find(library, "mi_good_size", mi.good_size) && find(library, "mi_collect", mi.collect) &&
      find(library, "mi_process_info", mi.process_info) &&
      find(library, "mi_version", mi.version)) {
    return mi;
  }
  detail::complain("mimalloc cannot be used: %s. Install libmimalloc2.0, or take another allocator",
                   ::dlerror());
  return std::nullopt;
}

/// Returns: the library's functions, or null where it is missing.
const entries* library() noexcept {
  // It is never closed: there may be blocks of it.
  static const std::optional<entries> opened = open_library();
  return opened ? &*opened : nullptr;
}

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

// mi_good_size is right for small and medium blocks. For others it tells pages, where mimalloc 2.0
// sets aside its slices, the more of them at once the larger the block.
std::size_t size_of_block(const entries& mi, std::size_t bytes) noexcept {
  constexpr std::size_t kibibyte = 1024;
  constexpr std::size_t mebibyte = 1024 * kibibyte;
  if (bytes <= 128 * kibibyte) return mi.good_size(bytes);
  if (bytes <= 512 * kibibyte) return round_up(bytes, 64 * kibibyte);
  if (bytes < 8 * mebibyte) return round_up(bytes, 512 * kibibyte);
  return round_up(bytes, (bytes < 32 * mebibyte ? 1 : 4) * mebibyte);
}

// Never a multiple of the alignment: mimalloc 2.0.9 takes some of those for aligned by themselves,
// and hands out blocks that are not.
std::size_t request_for_aligned(std::size_t bytes) noexcept {
  return bytes | 1;
}

std::optional<std::size_t> committed_bytes() noexcept {
  const entries* const mi = library();
  if (mi == nullptr) return std::nullopt;
  std::size_t ignored = 0;
  std::size_t committed = 0;
  mi->process_info(&ignored, &ignored, &ignored, &ignored, &ignored, &committed, &ignored,
                   &ignored);
  return committed;
}

}  // namespace

constinit detail::never_destroyed<mimalloc_resource> detail::process_mimalloc;

mimalloc_resource* mimalloc() noexcept {
  return &detail::process_mimalloc.value;
}

void* mimalloc_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  const entries* const mi = library();
  if (!detail::can_exist(bytes, alignment) || mi == nullptr) detail::throw_bad_alloc();
  void* const block = alignment <= detail::size_table::largest_alignment
                          ? mi->malloc(detail::size_table::request(bytes, alignment))
                          : mi->malloc_aligned(request_for_aligned(bytes), alignment);
  detail::handed_over_from_freeing_thread(block, bytes);
  return detail::checked_block(block);
}

void mimalloc_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  detail::hand_over_to_allocating_thread(block, bytes);
  if (alignment <= detail::size_table::largest_alignment) {
    library()->free_size(block, detail::size_table::request(bytes, alignment));
  } else {
    library()->free_size_aligned(block, request_for_aligned(bytes), alignment);
  }
}

bool mimalloc_resource::do_is_equal(const memory_resource& other) const noexcept {
  return detail::resource_cast<mimalloc_resource>(&other) != nullptr;
}

std::string_view mimalloc_resource::name() const noexcept {
  return "mimalloc";
}

std::string_view mimalloc_resource::version() const noexcept {
  static constinit detail::library_version text;
  if (library() == nullptr) return name();
  const int number = library()->version();  // 209 is 2.0.9
  char storage[16];
  detail::text dotted{storage};
  dotted.append("%d.%d.%d", number / 100, number / 10 % 10, number % 10);
  return text.view(name(), dotted.view());
}

std::size_t mimalloc_resource::usable_size(std::size_t bytes,
                                           std::size_t alignment) const noexcept {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  if (!detail::can_exist(bytes, alignment) || library() == nullptr) return 0;
  // Where it has no aligned block it takes one that is longer by the alignment.
  const std::size_t asked = alignment <= detail::size_table::largest_alignment
                                ? detail::size_table::request(bytes, alignment)
                                : request_for_aligned(bytes) + alignment - 1;
  const std::size_t usable = size_of_block(*library(), asked);
  return usable <= PTRDIFF_MAX ? usable : 0;
}

allocator_stats mimalloc_resource::stats() const {
  allocator_stats stats;
  stats.mapped = committed_bytes();
  return stats;
}

bool mimalloc_resource::release_free_memory() noexcept {
  const std::optional<std::size_t> before = committed_bytes();
  if (!before) return false;
  library()->collect(true);
  return committed_bytes() < before;
}

}  // namespace zpmr
