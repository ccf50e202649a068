// SPDX-License-Identifier: MIT
#include "instructions.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "files.hpp"
#include "table.hpp"

namespace zpmr::bench {

accepted_counts read_accepted(const std::filesystem::path& file) {
  accepted_counts accepted;
  read_json(file, [&](const nlohmann::json& content) {
    accepted = {content.at("compiler"), content.at("instructions")};
  });
  return accepted;
}

void write_accepted(const std::filesystem::path& file, const accepted_counts& accepted) {
  nlohmann::json content{{"compiler", accepted.compiler}};
  for (const auto& [name, count] : accepted.counts) {
    content["instructions"][name] = std::round(count * 10) / 10;
  }
  write_text(file, content.dump(2) + '\n');
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
