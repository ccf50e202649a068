// SPDX-License-Identifier: MIT

/// \file
/// Records traces of well-known ways to use memory.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>
#include <zpmr/trace_reader.hpp>
#include <zpmr/trace_resource.hpp>
#include <zpmr/zpmr.hpp>

#include "make_trace/patterns.hpp"

namespace {

struct bad_input : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct options {
  std::string pattern;
  std::string file;
  std::uint64_t events = 20'000;
};

/// Returns: the options, or nothing if help was asked for and given.
std::optional<options> parse(int argc, char** argv) {
  // A number below 0 reads as one near 2 to the power of 64.
  constexpr std::uint64_t most_events = 1'000'000'000'000;
  options chosen;
  std::vector<std::string> names;
  for (const auto& each : make_trace::patterns) names.emplace_back(each.name);

  CLI::App app{"Records a trace of a well-known way to use memory.", "make_trace"};
  app.add_option("pattern", chosen.pattern, "which")->required()->check(CLI::IsMember{names});
  app.add_option("file", chosen.file, "where to")->required();
  app.add_option("--events", chosen.events, "about how many allocations and deallocations")
      ->check(CLI::Range(std::uint64_t{2}, most_events))
      ->type_name("COUNT")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw bad_input{std::string{error.what()} + ". See --help."};
  }
  return chosen;
}

void record(const options& chosen) {
  const auto& pattern =
      *std::ranges::find(make_trace::patterns, chosen.pattern, &make_trace::pattern::name);
  zpmr::start_trace(chosen.file.c_str());
  zpmr::trace_resource memory{zpmr::default_allocator()};
  pattern.run(&memory, chosen.events);
  zpmr::stop_trace();
  // A full disk ends a trace, not the program.
  if (zpmr::trace_reader{chosen.file}.cut_short()) {
    throw std::runtime_error{"\"" + chosen.file +
                             "\" lacks the end of the pattern. Record it on a "
                             "disk with more room, or with fewer --events."};
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (const auto chosen = parse(argc, argv)) record(*chosen);
  } catch (const bad_input& error) {
    std::cerr << "make_trace: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "make_trace: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
