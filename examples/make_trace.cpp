// SPDX-License-Identifier: MIT

/// \file
/// Records traces of well-known ways to use memory.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>
#include <zpmr/trace_resource.hpp>
#include <zpmr/zpmr.hpp>

#include "make_trace/patterns.hpp"

namespace {

void record(const make_trace::pattern& pattern, const std::string& file, std::uint64_t events) {
  zpmr::start_trace(file.c_str());
  zpmr::trace_resource memory{zpmr::default_allocator()};
  pattern.run(&memory, events);
  zpmr::stop_trace();
}

}  // namespace

int main(int argc, char** argv) {
  std::string name;
  std::string file;
  std::uint64_t events = 20'000;
  std::vector<std::string> names;
  for (const auto& each : make_trace::patterns) names.emplace_back(each.name);

  CLI::App app{"Records a trace of a well-known way to use memory."};
  app.add_option("pattern", name, "which")->required()->check(CLI::IsMember{names});
  app.add_option("file", file, "where to")->required();
  app.add_option("--events", events, "about how many allocations and deallocations")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    record(*std::ranges::find(make_trace::patterns, name, &make_trace::pattern::name), file,
           events);
  } catch (const std::exception& error) {
    std::cerr << "make_trace: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
