// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include <map>
#include <string>
#include <vector>
#include <zpmr/trace_reader.hpp>

namespace zpmr::test {

/// A trace, read to its end.
struct read_trace {
  explicit read_trace(const std::string& file) {
    trace_reader reader{file};
    while (const auto event = reader.next()) {
      events.push_back(*event);
      if (event->operation == trace_operation::allocation) {
        consistent = consistent && in_use.emplace(event->block, *event).second;
      } else {
        consistent = consistent && in_use.erase(event->block) == 1;
      }
      consistent = consistent && event->block < reader.block_numbers();
    }
    cut_short = reader.cut_short();
    left_out = reader.left_out();
  }

  [[nodiscard]] std::vector<trace_event> of_thread(std::uint32_t thread) const {
    std::vector<trace_event> own;
    for (const trace_event& each : events) {
      if (each.thread == thread) own.push_back(each);
    }
    return own;
  }
  [[nodiscard]] std::uint32_t threads() const {
    std::uint32_t end = 0;
    for (const trace_event& each : events) end = std::max(end, each.thread + 1);
    return end;
  }

  std::vector<trace_event> events;
  std::map<std::uint32_t, trace_event> in_use;  ///< at the end, by block
  bool consistent = true;                       ///< whether block numbers are as promised
  bool cut_short = false;
  std::uint64_t left_out = 0;
};

}  // namespace zpmr::test
