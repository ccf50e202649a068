// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "comparison.hpp"
#include "reports/terminal_text.hpp"

/// \file
/// Figures as people read them: on the terminal and on the page.

namespace zpmr::compare {

/// Returns: three digits of it, or all before the point, in groups.
[[nodiscard]] std::string number_text(double number);

/// Returns: "1.50 MiB", or "unknown".
[[nodiscard]] std::string size_text(std::optional<double> bytes);

/// Returns: "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);

/// Returns: "850 ns", "1.20 ms".
[[nodiscard]] std::string time_text(std::chrono::nanoseconds time);

/// Cells of text: the first row has the headings, the first column the candidates.
using table = std::vector<std::vector<std::string>>;

/// Returns: the figures of each candidate that was measured, the fastest first.
[[nodiscard]] table table_of(const comparison& what);

/// Returns: what neighbouring columns of that table have in common, and how many they are.
[[nodiscard]] std::vector<std::pair<std::string, std::size_t>> column_groups();

/// Returns: what each heading of that table means.
[[nodiscard]] const std::vector<std::pair<std::string, std::string>>& meanings();

/// Returns: the trace in one line: how many events, threads, bytes.
[[nodiscard]] std::string description_of(const trace_profile& profile);

/// Returns: what the replay itself costs, and on what machine.
[[nodiscard]] std::string remarks_on(const comparison& what);

}  // namespace zpmr::compare
