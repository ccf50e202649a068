// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measurements.hpp"
#include "table.hpp"

/// \file
/// Which ratios there are, and of what.

namespace zpmr::bench {

/// A ratio of two subjects' times. In their names "@" stands for the allocator of the row.
struct column {
  std::string_view heading;
  std::string_view numerator, denominator;
  std::string_view meaning;
  int numerator_threads = 0;  ///< 0: those of the row
};

/// What the library costs.
std::span<const column> cost_columns();
/// This library, with a cap, against the rest.
std::span<const column> peer_columns();

/// A work on one allocator.
struct row {
  std::string work;
  int threads = 1;
  std::string allocator = "jemalloc";
  std::string upstream = {};  ///< "" or ", erased"
};

/// Returns: a row for each work on jemalloc, in the order of the list of works.
std::vector<row> rows_of_all_works(const measurements& all);

/// Returns: the other allocators, and resources that do not know their upstream's type, each with
/// the works that tell most.
std::vector<row> rows_of_other_resources();

/// Returns: the ratio of that column in that row; empty where it has none.
std::optional<spread> ratio_in(const measurements& all, const row& here, const column& of);

/// Returns: a heading and, for each row, its name, the time of an uncounted item in nanoseconds,
/// and the ratios. Where there is no such case the cell is empty.
table make_table(const measurements& all, std::span<const row> rows,
                 std::span<const column> columns);

/// Returns: "work" or "work, n threads".
std::string label(const row& of);

}  // namespace zpmr::bench
