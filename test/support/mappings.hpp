// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace zpmr::test {

/// Returns: how many parts of the file are mapped into this process.
inline std::size_t mappings_of(const std::string& file) {
  std::ifstream maps{"/proc/self/maps"};
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.ends_with(file) ? 1 : 0;
  return count;
}

}  // namespace zpmr::test
