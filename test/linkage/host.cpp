// SPDX-License-Identifier: MIT
//
// host <library> local|global|deepbind [expected line...]: a program that does not know zpmr, and
// opens a library that uses it.

#include <dlfcn.h>

#include <cstdio>
#include <string_view>

#include "side.hpp"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string_view kind = argv[2];
  const int flags = kind == "global"     ? RTLD_GLOBAL
                    : kind == "deepbind" ? RTLD_DEEPBIND
                                         : RTLD_LOCAL;
  void* const library = ::dlopen(argv[1], RTLD_NOW | flags);
  if (library == nullptr) {
    std::puts(::dlerror());
    return 3;
  }
  using run_function = int(const linkage::side&, int, char**);
  auto* const run = reinterpret_cast<run_function*>(::dlsym(library, "run_plugin"));
  return run(linkage::this_side(), argc - 3, argv + 3);
}
