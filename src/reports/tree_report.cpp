// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/tree_report.hpp>

#include "reports/terminal_text.hpp"

namespace zpmr {

namespace {

constexpr std::size_t longest_name = 40;
constexpr std::size_t bar_width = 12;

enum column { name, in_use, peak, limit, of_limit, of_parent, column_count };
using row = std::array<std::string, column_count>;

constexpr bool is_right_aligned(std::size_t column) noexcept {
  return in_use <= column && column <= limit;
}

/// Draws the branches of the tree, line by line.
class branches {
 public:
  explicit branches(std::span<const tracker_record> records) : has_next_(records.size()) {
    // From the end: a record has a next sibling if one of its depth was seen, and none above since.
    std::vector<bool> seen;
    for (std::size_t i = records.size(); i-- > 0;) {
      seen.resize(records[i].depth + 1);  // what was deeper is in another branch
      has_next_[i] = seen.back();
      seen.back() = true;
    }
  }

  /// Preconditions: called for each record in turn.
  std::string next(std::size_t depth) {
    const bool has_next = has_next_[at_++];
    open_.resize(depth);
    std::string drawn;
    for (std::size_t i = 1; i < depth; ++i) drawn += open_[i] ? "│  " : "   ";
    if (depth > 0) drawn += has_next ? "├─ " : "└─ ";
    open_.push_back(has_next);
    return drawn;
  }

 private:
  std::vector<bool> has_next_;
  std::vector<bool> open_;  // by depth: whether the branch goes on below
  std::size_t at_ = 0;
};

/// Returns: a bar and a number: "██████▌       54 %".
std::string share(std::size_t part, std::size_t whole) {
  // Of nothing, nothing is left: a limit of 0 is reached.
  const double ratio = whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
  std::string drawn = detail::bar(ratio, bar_width);
  const std::string percent = std::to_string(std::lround(std::floor(ratio * 100))) + " %";
  const std::size_t used = detail::columns(drawn) + percent.size();
  constexpr std::size_t all = bar_width + 6;  // room for "1234 %", as overdrafts go beyond 100 %
  drawn.append(used < all ? all - used : 1, ' ');
  return drawn += percent;
}

std::string size(std::size_t bytes, size_style sizes) {
  return sizes == size_style::exact ? std::to_string(bytes) : detail::rounded_size(bytes);
}

row row_of(const tracker_record& record, const tracker_record* parent, size_style sizes) {
  const memory_usage& usage = record.usage;
  row cells;
  cells[name] = detail::shortened(record.name, longest_name);
  cells[in_use] = size(usage.bytes_in_use, sizes);
  cells[peak] = size(usage.peak_bytes, sizes);
  cells[limit] = usage.limit == no_limit ? "none" : size(usage.limit, sizes);
  if (usage.limit != no_limit) cells[of_limit] = share(usage.bytes_in_use, usage.limit);
  if (parent != nullptr && parent->usage.bytes_in_use > 0) {
    // The two are not of one instant.
    const std::size_t whole = parent->usage.bytes_in_use;
    cells[of_parent] = share(std::min(usage.bytes_in_use, whole), whole);
  }
  return cells;
}

std::vector<row> rows_of(std::span<const tracker_record> records, size_style sizes) {
  std::vector<row> rows{{"tracker", "in use", "peak", "limit", "of its limit", "of its parent"}};
  branches drawn{records};
  std::vector<const tracker_record*> path;
  for (const tracker_record& record : records) {
    path.resize(record.depth);
    rows.push_back(row_of(record, path.empty() ? nullptr : path.back(), sizes));
    rows.back()[name].insert(0, drawn.next(record.depth));
    path.push_back(&record);
  }
  return rows;
}

std::array<std::size_t, column_count> widths_of(const std::vector<row>& rows) {
  std::array<std::size_t, column_count> widths{};
  for (const row& cells : rows) {
    for (std::size_t i = 0; i < column_count; ++i) {
      widths[i] = std::max(widths[i], detail::columns(cells[i]));
    }
  }
  return widths;
}

/// Returns: the cells side by side, without blanks at the end.
std::string line_of(const row& cells, const std::array<std::size_t, column_count>& widths) {
  std::string line;
  for (std::size_t i = 0; i < column_count; ++i) {
    const std::string padding(widths[i] - detail::columns(cells[i]), ' ');
    if (i > 0) line += "  ";
    line += is_right_aligned(i) ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line += '\n';
}

}  // namespace

void print_tree(std::ostream& out, const tree_snapshot& tree, size_style sizes) {
  const std::vector<row> rows = rows_of(tree.records(), sizes);
  const auto widths = widths_of(rows);
  std::string page;
  for (const row& cells : rows) page += line_of(cells, widths);
  out.write(page.data(), static_cast<std::streamsize>(page.size()));
}

}  // namespace zpmr
