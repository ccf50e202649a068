// SPDX-License-Identifier: MIT

/// \file
/// Who holds how much? The figures of every tracker and allocator, for people to read.

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <zpmr/format.hpp>
#include <zpmr/tree_report.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

int main() {
  //! [tree]
  zpmr::hard_limit budget{64_MiB};
  zpmr::hard_limit share{16_MiB};
  zpmr::memory_tracker server{"server", &budget};
  zpmr::memory_tracker sessions{"sessions", server};
  zpmr::memory_tracker cache{"cache", server, &share};
  sessions.charge(30_MiB);
  cache.charge(10_MiB);
  zpmr::print_tree(std::cout);
  //! [tree]

  //! [snapshot]
  const zpmr::tree_snapshot now;
  const auto largest = std::ranges::max_element(now.records(), {}, [](const auto& record) {
    return record.depth == 0 ? 0 : record.usage.bytes_in_use;
  });
  std::cout << "most is held by " << largest->name << ": " << largest->usage << '\n';
  //! [snapshot]
  expect(largest->name == "sessions");

  //! [format]
  std::string line;
#if defined(__cpp_lib_format)
  line = std::format("{:>200}", zpmr::default_allocator()->stats());
#else
  std::ostringstream text;
  text.width(200);
  text << zpmr::default_allocator()->stats();
  line = text.str();
#endif
  //! [format]
  std::cout << line << '\n';
  expect(line.find("allocated: ") != line.npos);

  cache.uncharge(10_MiB);
  sessions.uncharge(30_MiB);
}
