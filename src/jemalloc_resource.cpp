// SPDX-License-Identifier: MIT
#include <atomic>
#include <bit>
#include <cstdint>
#include <zpmr/detail/request.hpp>
#include <zpmr/jemalloc_resource.hpp>

#include "check.hpp"
#include "library_version.hpp"
#include "process_allocators.hpp"
#include "size_classes.hpp"

#if ZPMR_JEMALLOC_PRIVATE
#define ZPMR_JE(function) zpmr_je_##function
#else
#include <dlfcn.h>
#define ZPMR_JE(function) function

// The plain name malloc is that of whichever library was linked first; these are jemalloc's.
extern "C" void* mallocx(std::size_t bytes, int flags);
extern "C" void sdallocx(void* block, std::size_t bytes, int flags);
void* zpmr::detail::zpmr_je_malloc(std::size_t bytes) noexcept {
  return mallocx(bytes, 0);
}
void zpmr::detail::zpmr_je_sdallocx(void* block, std::size_t bytes, int flags) noexcept {
  sdallocx(block, bytes, flags);
}
#endif

extern "C" {
std::size_t ZPMR_JE(nallocx)(std::size_t bytes, int flags);
void* ZPMR_JE(mallocx)(std::size_t bytes, int flags);
int ZPMR_JE(mallctl)(const char* name, void* out, std::size_t* out_size, void* in,
                     std::size_t in_size);
int ZPMR_JE(mallctlnametomib)(const char* name, std::size_t* mib, std::size_t* depth);
int ZPMR_JE(mallctlbymib)(const std::size_t* mib, std::size_t depth, void* out,
                          std::size_t* out_size, void* in, std::size_t in_size);
}

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

// jemalloc's constant for "all arenas together".
constexpr std::size_t all_arenas = 4096;

/// A node of jemalloc's tree of figures; numbers in its name can be replaced.
class control {
 public:
  explicit control(const char* name) noexcept
      : known_(ZPMR_JE(mallctlnametomib)(name, path_, &depth_) == 0) {}

  control& at(std::size_t level, std::size_t index) noexcept {
    path_[level] = index;
    return *this;
  }

  template <class T>
  [[nodiscard]] std::optional<T> read() const noexcept {
    T value{};
    std::size_t size = sizeof value;
    if (!known_ || ZPMR_JE(mallctlbymib)(path_, depth_, &value, &size, nullptr, 0) != 0) {
      return std::nullopt;
    }
    return value;
  }

 private:
  std::size_t path_[8] = {};
  std::size_t depth_ = 8;
  bool known_;
};

std::optional<std::size_t> read_bytes(const char* name) noexcept {
  return control(name).read<std::size_t>();
}

// jemalloc's figures are those of the last refresh.
void refresh_statistics() noexcept {
  std::uint64_t epoch = 1;
  ZPMR_JE(mallctl)("epoch", nullptr, nullptr, &epoch, sizeof epoch);
}

std::optional<std::size_t> muzzy_bytes() noexcept {
  const auto page = read_bytes("arenas.page");
  const auto pages = read_bytes("stats.arenas.4096.pmuzzy");
  return page && pages ? std::optional(*page * *pages) : std::nullopt;
}

std::optional<std::size_t> free_bytes_in_small_slabs() noexcept {
  const auto bins = control("arenas.nbins").read<unsigned>();
  control slot_size("arenas.bin.0.size");
  control slots_per_slab("arenas.bin.0.nregs");
  control slabs("stats.arenas.0.bins.0.curslabs");
  control slots("stats.arenas.0.bins.0.curregs");
  slabs.at(2, all_arenas);
  slots.at(2, all_arenas);
  std::size_t bytes = 0;
  for (unsigned bin = 0; bin < bins.value_or(0); ++bin) {
    const auto size = slot_size.at(2, bin).read<std::size_t>();
    const auto per_slab = slots_per_slab.at(2, bin).read<std::uint32_t>();
    const auto slab_count = slabs.at(4, bin).read<std::size_t>();
    const auto in_use = slots.at(4, bin).read<std::size_t>();
    if (!size || !per_slab || !slab_count || !in_use) {
      return std::nullopt;
    }
    bytes += (*per_slab * *slab_count - *in_use) * *size;
  }
  return bins ? std::optional(bytes) : std::nullopt;
}

std::size_t not_given_back(const allocator_stats& stats) noexcept {
  return stats.resident.value_or(0) + stats.muzzy.value_or(0);
}

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
  return dynamic_cast<const jemalloc_resource*>(&other) != nullptr;
}

std::string_view jemalloc_resource::name() const noexcept {
  return "jemalloc";
}

std::string_view jemalloc_resource::version() const noexcept {
  static constinit detail::library_version text;
  // The library says "5.3.0-0-g<commit>".
  const std::string_view full = control("version").read<const char*>().value_or("");
  return text.view(name(), full.substr(0, full.find('-')));
}

std::size_t jemalloc_resource::ask_usable_size(std::size_t bytes, std::size_t alignment) noexcept {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  return detail::ask_usable_size(nallocx_of_jemalloc, detail::jemalloc_sizes, bytes, alignment);
}

allocator_stats jemalloc_resource::stats() const {
  refresh_statistics();
  return {
      .allocated = read_bytes("stats.allocated"),
      .active = read_bytes("stats.active"),
      .metadata = read_bytes("stats.metadata"),
      .resident = read_bytes("stats.resident"),
      .mapped = read_bytes("stats.mapped"),
      .retained = read_bytes("stats.retained"),
      .muzzy = muzzy_bytes(),
      .small_bin_fragmentation = free_bytes_in_small_slabs(),
  };
}

bool jemalloc_resource::release_free_memory() noexcept {
  const std::size_t before = not_given_back(stats());
  ZPMR_JE(mallctl)("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  ZPMR_JE(mallctl)("arena.4096.purge", nullptr, nullptr, nullptr, 0);
  return not_given_back(stats()) < before;
}

}  // namespace zpmr
