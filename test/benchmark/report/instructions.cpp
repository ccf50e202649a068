// SPDX-License-Identifier: MIT
#include "instructions.hpp"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>

#include "table.hpp"

namespace zpmr::bench {

accepted_counts read_accepted(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  const auto content = nlohmann::json::parse(in);
  return {content.at("compiler"), content.at("instructions")};
}

void write_accepted(const std::filesystem::path& file, const accepted_counts& accepted) {
  nlohmann::json content{{"compiler", accepted.compiler}};
  for (const auto& [name, count] : accepted.counts) {
    content["instructions"][name] = std::round(count * 10) / 10;
  }
  std::ofstream(file) << content.dump(2) << '\n';
}

int print_differences(std::ostream& out, const instruction_counts& accepted,
                      const instruction_counts& counted) {
  constexpr double tolerance = 0.1;
  int lines = 0;
  for (const auto& [name, before] : accepted) {
    const auto found = counted.find(name);
    if (found == counted.end()) {
      out << name << ": was not counted\n";
      ++lines;
    } else if (std::abs(found->second - before) > tolerance * before) {
      out << name << ": " << three_digits(found->second) << " instructions, "
          << three_digits(before)
          << " accepted: " << (found->second > before ? "slower\n" : "faster\n");
      ++lines;
    }
  }
  for (const auto& [name, count] : counted) {
    if (accepted.contains(name)) continue;
    out << name << ": " << three_digits(count) << " instructions, none accepted yet\n";
    ++lines;
  }
  return lines;
}

}  // namespace zpmr::bench
