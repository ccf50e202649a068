// SPDX-License-Identifier: MIT
#include "measurements.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>

#include "files.hpp"

namespace zpmr::bench {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::optional<spread> spread_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const auto at = [&](double part) {
    const double place = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], place - static_cast<double>(below));
  };
  return spread{at(0.25), at(0.5), at(0.75)};
}

/// Google Benchmark's names are "<work>/<subject>/iterations:...".
case_name name_of(const json& benchmark) {
  const std::string full = benchmark.at("name");
  const auto first = full.find('/');
  const auto second = full.find('/', first + 1);
  return {full.substr(0, first), benchmark.at("threads"),
          full.substr(first + 1, second - first - 1)};
}

void add_results(const json& content, measurements& all) {
  for (const json& each : content.at("benchmarks")) {
    const case_name name = name_of(each);
    const auto [found, is_new] = all.cases.try_emplace(name);
    if (is_new) all.in_order.push_back(name);
    measurement& into = found->second;
    into.nanoseconds.push_back(1e9 / each.at("items_per_second").get<double>());
    into.page_faults.push_back(each.at("page_faults_per_item"));
  }
  const json& context = content.at("context");
  all.cores = context.at("num_cpus");
  all.date = context.at("date").get<std::string>().substr(0, 10);
  all.compiler = context.at("compiler");
  const std::string versions = context.at("versions");
  if (all.versions.find(versions) == std::string::npos) {
    all.versions += (all.versions.empty() ? "" : ", ") + versions;
  }
}

/// Returns: the files, those of this library first; by name it is the last of the groups.
std::set<fs::path, std::greater<>> files_in(const fs::path& directory) {
  return {fs::directory_iterator(directory), fs::directory_iterator()};
}

std::string processor_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

/// Lines of a count and what was measured for it.
std::map<int, double> read_pairs(const fs::path& file) {
  std::map<int, double> measured;
  std::istringstream in(read_text(file));
  for (int count = 0; in >> count;) in >> measured[count];
  if (!in.eof()) throw std::runtime_error(file.string() + " holds what is no number");
  return measured;
}

void require_whole(const measurements& all, const fs::path& run) {
  if (all.cases.empty()) throw std::runtime_error(run.string() + " holds no results");
  for (const auto& [name, measured] : all.cases) {
    if (measured.nanoseconds.size() != all.repetitions) {
      throw std::runtime_error(name.work + "/" + name.subject + " was not measured in each of " +
                               std::to_string(all.repetitions) + " repetitions");
    }
  }
}

}  // namespace

std::optional<spread> measurements::time(const case_name& name) const {
  const auto found = cases.find(name);
  return found != cases.end() ? spread_of(found->second.nanoseconds) : std::nullopt;
}

std::optional<spread> measurements::ratio(const case_name& numerator,
                                          const case_name& denominator) const {
  const auto above = cases.find(numerator);
  const auto below = cases.find(denominator);
  if (above == cases.end() || below == cases.end()) return std::nullopt;
  std::vector<double> ratios;
  std::ranges::transform(above->second.nanoseconds, below->second.nanoseconds,
                         std::back_inserter(ratios), std::divides{});
  return spread_of(std::move(ratios));
}

measurements read_measurements(const fs::path& run) {
  measurements all;
  while (fs::is_directory(run / std::to_string(all.repetitions + 1))) {
    ++all.repetitions;
    for (const fs::path& file : files_in(run / std::to_string(all.repetitions))) {
      read_json(file, [&](const json& content) { add_results(content, all); });
    }
  }
  require_whole(all, run);
  all.instructions = read_instructions(run / "instructions");
  all.bytes_per_tracker = read_pairs(run / "footprint");
  all.refusal_nanoseconds = read_pairs(run / "refusals");
  all.processor = processor_model();
  return all;
}

namespace {

double number(const fs::path& file, const std::string& text) {
  try {
    return std::stod(text);
  } catch (const std::logic_error&) {
    throw std::runtime_error(file.string() + " has \"" + text.substr(0, 40) + "\" for a number");
  }
}

}  // namespace

std::map<std::string, double> read_instructions(const fs::path& dumps) {
  const std::string marker = "desc: Trigger: Client Request: ";
  std::map<std::string, double> instructions;
  for (const auto& file : fs::directory_iterator(dumps)) {
    std::ifstream in(file.path());
    std::string title;
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with(marker)) title = line.substr(marker.size());
      if (!line.starts_with("summary: ") || title.empty()) continue;
      const auto space = title.find(' ');
      instructions[title.substr(space + 1)] =
          number(file.path(), line.substr(9)) / number(file.path(), title);
    }
  }
  if (instructions.empty()) throw std::runtime_error(dumps.string() + " holds no counts");
  return instructions;
}

}  // namespace zpmr::bench
