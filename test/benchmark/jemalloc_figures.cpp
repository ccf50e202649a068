// SPDX-License-Identifier: MIT

/// \file
/// jemalloc_figures stats|refresh: what do jemalloc's figures cost, and what the bare refresh that
/// they cannot be had without? Callgrind counts it.

#include <valgrind/callgrind.h>

#include <cstdint>
#include <iostream>
#include <string_view>
#include <zpmr/jemalloc_resource.hpp>

extern "C" int zpmr_je_mallctl(const char* name, void* out, std::size_t* out_size, void* in,
                               std::size_t in_size);

namespace {

void refresh() {
  std::uint64_t epoch = 1;
  zpmr_je_mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
}

void read_figures() {
  (void)zpmr::jemalloc()->stats();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what != "stats" && what != "refresh") {
    std::cerr << "usage: jemalloc_figures stats|refresh\n";
    return 1;
  }
  const auto deed = what == "stats" ? read_figures : refresh;
  deed();  // what happens once only
  CALLGRIND_TOGGLE_COLLECT;
  deed();
  CALLGRIND_TOGGLE_COLLECT;
}
