// SPDX-License-Identifier: MIT
#pragma once

#include <memory_resource>
#include <string>
#include <zpmr/trace_resource.hpp>

#include "support/file_tree.hpp"
#include "support/traces.hpp"

namespace zpmr::test {

/// A file to record into. The trace ends with the test.
struct recording_fixture {
  file_tree tree{};
  std::string file = tree.root() + "/trace";
  std::pmr::memory_resource* upstream = std::pmr::new_delete_resource();

  recording_fixture() = default;
  recording_fixture(const recording_fixture&) = delete;
  recording_fixture& operator=(const recording_fixture&) = delete;
  ~recording_fixture() { stop_trace(); }

  void start() const { start_trace(file.c_str()); }
  [[nodiscard]] read_trace stop_and_read() const {
    stop_trace();
    return read_trace{file};
  }
};

inline void pair_of(std::pmr::memory_resource& memory, std::size_t bytes) {
  memory.deallocate(memory.allocate(bytes), bytes);
}

}  // namespace zpmr::test
