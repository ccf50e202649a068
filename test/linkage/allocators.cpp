// SPDX-License-Identifier: MIT
#include "allocators.hpp"

#include <dlfcn.h>
#include <malloc.h>

#include <cstdint>
#include <stdexcept>
#include <zpmr/config.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_resource.hpp>
#endif
#if ZPMR_WITH_TCMALLOC
#include <zpmr/tcmalloc_resource.hpp>
#endif

namespace linkage {

namespace {

/// Returns: a function that any library of the process may bring, or null.
template <class F>
F* function_of_process(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_DEFAULT, name));
}

// Of the C library itself, whatever stands before it.
std::size_t of_the_c_library() {
  static void* const library = ::dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  static auto* const ask = reinterpret_cast<decltype(&::mallinfo2)>(::dlsym(library, "mallinfo2"));
  const struct mallinfo2 figures = ask();
  return figures.uordblks + figures.hblkhd;
}

using mallctl_function = int(const char*, void*, std::size_t*, void*, std::size_t);

std::size_t jemalloc_figure(const char* name) {
  static auto* const ask = function_of_process<mallctl_function>("mallctl");
  std::uint64_t bytes = 0;
  std::size_t size = sizeof bytes;
  if (ask(name, &bytes, &size, nullptr, 0) != 0) throw std::runtime_error(name);
  return bytes;
}

// By thread, as those figures are exact.
std::size_t of_the_programs_jemalloc() {
  return jemalloc_figure("thread.allocated") - jemalloc_figure("thread.deallocated");
}

using property_function = int(const char*, std::size_t*);

std::size_t of_the_programs_tcmalloc() {
  static auto* const ask =
      function_of_process<property_function>("MallocExtension_GetNumericProperty");
  std::size_t bytes = 0;
  if (ask("generic.current_allocated_bytes", &bytes) == 0) throw std::runtime_error("tcmalloc");
  return bytes;
}

}  // namespace

std::vector<known_allocator> known_allocators() {
  std::vector<known_allocator> all{{"libc", of_the_c_library}};
  if (function_of_process<mallctl_function>("mallctl") != nullptr) {
    all.push_back({"jemalloc", of_the_programs_jemalloc});
  }
  if (function_of_process<property_function>("MallocExtension_GetNumericProperty") != nullptr) {
    all.push_back({"tcmalloc", of_the_programs_tcmalloc});
  }
#if ZPMR_JEMALLOC_PRIVATE && ZPMR_WITH_JEMALLOC
  all.push_back({"private jemalloc", [] { return *zpmr::jemalloc()->stats().allocated; }});
#endif
#if ZPMR_TCMALLOC_PRIVATE && ZPMR_WITH_TCMALLOC
  all.push_back({"private tcmalloc", [] { return *zpmr::tcmalloc()->stats().allocated; }});
#endif
  return all;
}

std::string file_of(const void* address) {
  Dl_info info{};
  if (::dladdr(address, &info) == 0) return "nowhere";
  const std::string file = info.dli_fname;
  return file.substr(file.rfind('/') + 1);
}

}  // namespace linkage
