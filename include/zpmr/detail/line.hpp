// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/export.hpp>
#include <zpmr/memory_usage.hpp>
#include <zpmr/process_memory.hpp>

namespace zpmr::detail {

/// All figures of a struct on one line, in fixed storage: printing allocates nothing.
struct line {
  std::array<char, 1024> storage;
  std::size_t length = 0;

  [[nodiscard]] std::string_view view() const noexcept { return {storage.data(), length}; }
};

ZPMR_EXPORT line line_of(const memory_usage& usage) noexcept;
ZPMR_EXPORT line line_of(const allocator_stats& stats) noexcept;
ZPMR_EXPORT line line_of(const process_memory& memory) noexcept;

/// A struct that is printed as one line.
template <class Facts>
concept printed_as_line = requires(const Facts& facts) {
  { line_of(facts) } -> std::same_as<line>;
};

}  // namespace zpmr::detail
