// SPDX-License-Identifier: MIT
#include <gperftools/malloc_extension.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <zpmr/tcmalloc_control.hpp>

#include "allocators/tcmalloc_entries.hpp"

#if ZPMR_TCMALLOC_PRIVATE
extern "C" MallocExtension* zpmr_tc_malloc_extension_instance();
#define ZPMR_TC_INSTANCE zpmr_tc_malloc_extension_instance
#else
#define ZPMR_TC_INSTANCE MallocExtension::instance
#endif

// The undefined behaviour sanitizer would look for the class's type, which is private too. clang
// has no [[gnu::no_sanitize]].
#define ZPMR_CALLS_TCMALLOC __attribute__((no_sanitize("vptr")))

namespace zpmr {
namespace {

// The rate is the one control that has no function in C.
ZPMR_CALLS_TCMALLOC double read_rate() {
  return ZPMR_TC_INSTANCE()->GetMemoryReleaseRate();
}

ZPMR_CALLS_TCMALLOC void write_rate(double rate) {
  ZPMR_TC_INSTANCE()->SetMemoryReleaseRate(rate);
}

}  // namespace

double tcmalloc_release_rate() {
  const double rate = read_rate();
  if (rate >= 0) return rate;
  throw std::system_error(
      std::make_error_code(std::errc::resource_unavailable_try_again),
      "zpmr: tcmalloc has no release rate before its own static constructors have run");
}

void set_tcmalloc_release_rate(double rate) {
  if (!(rate >= 0)) {
    throw std::invalid_argument("zpmr: tcmalloc cannot have a release rate of " +
                                std::to_string(rate) +
                                ": give 0 (never) or more, at most 10 or so");
  }
  (void)tcmalloc_release_rate();
  write_rate(rate);
}

void flush_tcmalloc_thread_cache() noexcept {
  ZPMR_TC(MallocExtension_MarkThreadTemporarilyIdle)();
}

void mark_tcmalloc_thread_idle() noexcept {
  ZPMR_TC(MallocExtension_MarkThreadIdle)();
}

}  // namespace zpmr
