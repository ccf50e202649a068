// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

#include "ratios.hpp"

namespace zpmr::bench {
namespace {

std::vector<column> all_columns() {
  std::vector<column> columns(cost_columns().begin(), cost_columns().end());
  columns.insert(columns.end(), peer_columns().begin(), peer_columns().end());
  return columns;
}

void print_legend(std::ostream& out, const std::vector<column>& columns) {
  out << "ns: nanoseconds for an operation on the uncounted resource. All else are ratios of "
         "times;\nbelow 1 the first of the two is faster. Allocator: jemalloc, where no other is "
         "named;"
         " \"erased\": its type is\nnot known to the counting resource.\n";
  for (const column& each : columns) {
    out << "  " << std::left << std::setw(8) << each.heading << each.meaning << '\n';
  }
}

}  // namespace

std::string machine_line(const measurements& all) {
  return all.processor + ", " + std::to_string(all.cores) + " cores; " + all.compiler +
         ", Release; " + all.versions + "; " + all.date;
}

double typical_noise(const measurements& all) {
  std::vector<double> noise;
  for (const row& here : rows_of_all_works(all)) {
    for (const column& each : all_columns()) {
      const auto ratio = ratio_in(all, here, each);
      if (ratio) noise.push_back((ratio->high - ratio->low) / ratio->median * 100);
    }
  }
  std::ranges::sort(noise);
  return noise.empty() ? 0 : noise[noise.size() / 2];
}

void print_summary(std::ostream& out, const measurements& all) {
  const std::vector<column> columns = all_columns();
  table cells = make_table(all, rows_of_all_works(all), columns);
  std::string group;
  for (const row& each : rows_of_other_resources()) {
    if (each.allocator + each.upstream != group) {
      group = each.allocator + each.upstream;
      cells.push_back({group + ":"});
    }
    cells.push_back(make_table(all, std::span(&each, 1), columns)[1]);
  }
  print_text(out, cells);
  out << '\n';
  print_legend(out, columns);
  out << '\n' << machine_line(all) << '\n';
  out << "Medians of " << all.repetitions
      << " repetitions. Typical spread of a ratio: " << three_digits(typical_noise(all))
      << " % (middle half).\n";
}

}  // namespace zpmr::bench
