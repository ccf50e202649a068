// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <zpmr/trace_reader.hpp>

namespace zpmr::test {

inline trace_event allocation(std::uint32_t thread, std::uint32_t block, std::uint64_t bytes) {
  return {trace_operation::allocation, thread, 0, block, bytes, 8, {}};
}

inline trace_event deallocation(std::uint32_t thread, std::uint32_t block, std::uint64_t bytes) {
  return {trace_operation::deallocation, thread, 0, block, bytes, 8, {}};
}

}  // namespace zpmr::test
