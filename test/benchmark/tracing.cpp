// SPDX-License-Identifier: MIT

/// \file
/// tracing traced|counted: what do pairs of an allocation and a deallocation cost that are
/// recorded, and what those that are counted? Callgrind counts it; the system's share it does not
/// see.

#include <unistd.h>
#include <valgrind/callgrind.h>

#include <filesystem>
#include <iostream>
#include <memory_resource>
#include <string>
#include <string_view>
#include <zpmr/counting_resource.hpp>
#include <zpmr/jemalloc_resource.hpp>
#include <zpmr/trace_resource.hpp>

namespace {

void pairs(std::pmr::memory_resource& memory, int count) {
  for (int i = 0; i < count; ++i) memory.deallocate(memory.allocate(64), 64);
}

void measure(std::pmr::memory_resource& memory) {
  pairs(memory, 1000);  // what happens once only
  CALLGRIND_TOGGLE_COLLECT;
  pairs(memory, 100'000);
  CALLGRIND_TOGGLE_COLLECT;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what == "counted") {
    zpmr::counting_resource memory{zpmr::jemalloc()};
    measure(memory);
  } else if (what == "traced") {
    const std::string file = std::filesystem::temp_directory_path() /
                             ("zpmr_tracing_" + std::to_string(::getpid()) + ".trace");
    zpmr::start_trace(file.c_str());
    zpmr::trace_resource memory{zpmr::jemalloc()};
    measure(memory);
    std::filesystem::remove(file);
  } else {
    std::cerr << "usage: tracing traced|counted\n";
    return 1;
  }
}
