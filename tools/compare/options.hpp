// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "candidate.hpp"

/// \file
/// What the user has asked for.

namespace zpmr::compare {

enum class output { table, json };

struct options {
  std::vector<std::filesystem::path> traces;
  std::vector<candidate> on;  ///< empty: all that there are
  unsigned runs = 7;
  output form = output::table;
  std::optional<std::filesystem::path> page;
};

/// Returns: the options, or nothing if help was asked for and given. Throws: `bad_input`.
[[nodiscard]] std::optional<options> parse(int count, char** arguments);

}  // namespace zpmr::compare
