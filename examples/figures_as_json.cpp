// SPDX-License-Identifier: MIT

/// \file
/// How do other programs read the figures? As JSON, with nlohmann's library.

#include <iostream>
#include <memory_resource>
#include <zpmr/json.hpp>
#include <zpmr/process_memory.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

int main() {
  //! [example]
  zpmr::counting_resource memory{zpmr::default_allocator(), "numbers"};
  const std::pmr::vector<int> numbers(1000, 42, &memory);
  const nlohmann::ordered_json figures{
      {"trackers", zpmr::tree_snapshot{}},
      {"allocator", memory.upstream_resource()->stats()},
      {"process", zpmr::sample_process_memory()},
  };
  std::cout << figures.dump(2) << '\n';
  //! [example]
  const auto& root = figures.at("trackers").at(0);
  expect(root.at("name") == "numbers" && root.at("usage").at("limit").is_null());
  expect(root.at("usage").at("requested_bytes_in_use") == 1000 * sizeof(int));
}
