// SPDX-License-Identifier: MIT

/// \file
/// Records what a container allocates and frees, and reads it again.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/trace_reader.hpp>
#include <zpmr/trace_resource.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

namespace {

void work(std::pmr::memory_resource* memory) {
  std::pmr::vector<std::pmr::string> texts{memory};
  for (std::size_t length = 0; length < 1000; ++length) texts.emplace_back(length, 'x');
}

//! [record]
void record(const char* file) {
  zpmr::start_trace(file);  // or start_trace_from_environment(), for ZPMR_TRACE=file ./program
  zpmr::trace_resource memory{zpmr::default_allocator()};
  work(&memory);
  zpmr::stop_trace();
}
//! [record]

//! [read]
std::uint64_t most_bytes_in_use(const char* file) {
  zpmr::trace_reader trace{file};
  std::uint64_t now = 0;
  std::uint64_t most = 0;
  while (const auto event = trace.next()) {
    const bool allocates = event->operation == zpmr::trace_operation::allocation;
    now = allocates ? now + event->bytes : now - event->bytes;
    most = std::max(most, now);
  }
  return most;
}
//! [read]

}  // namespace

int main() {
  const std::string file = std::filesystem::temp_directory_path() /
                           ("zpmr_example_" + std::to_string(::getpid()) + ".trace");
  record(file.c_str());
  const std::uint64_t most = most_bytes_in_use(file.c_str());
  std::cout << most << " bytes in use at most\n";
  std::filesystem::remove(file);

  zpmr::counting_resource counted{zpmr::default_allocator()};
  zpmr::counting_resource requested{&counted, "what was asked for"};  // above no allocator
  work(&requested);
  expect(most == requested.peak_bytes());
}
