// SPDX-License-Identifier: MIT
#include "page.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>

#include "answer.hpp"
#include "figures_text.hpp"
#include "plots.hpp"

namespace zpmr::compare {
namespace {

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Which allocator for my program?</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #263238; background: #fafafa; margin: 0; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.7rem; } h2 { margin-top: 3rem; overflow-wrap: anywhere; }
.answer { background: #e8f5e9; border-left: 4px solid #2e7d32; padding: .8rem 1rem; font-size: 1.1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; white-space: nowrap; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .7rem; border-bottom: 1px solid #cfd8dc; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td:first-child { white-space: normal; max-width: 24rem; }
th[colspan] { text-align: center; color: #546e7a; font-weight: normal; border-bottom: none; padding-bottom: 0; }
figure { margin: 2rem 0; background: white; border: 1px solid #eceff1; padding: 1rem; }
figure h3 { margin: 0 0 .5rem; } figure svg { width: 100%; min-width: 38rem; height: auto; }
ol { overflow-wrap: anywhere; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: 0 0 .5rem; padding: 0; }
.legend li { overflow-wrap: anywhere; font-size: .9rem; }
.legend i { display: inline-block; width: 1.8rem; margin-right: .4rem; vertical-align: middle; }
figcaption, .remark, dl { color: #546e7a; font-size: .9rem; }
summary { cursor: pointer; }
dt { float: left; clear: left; width: 6rem; font-weight: 600; } dd { margin-left: 6.5rem; }
@media (prefers-color-scheme: dark) {
  :root { color-scheme: dark; }
  body { color: #cfd8dc; background: #161b1d; } .answer { background: #17301a; }
  figcaption, .remark, dl, th[colspan] { color: #90a4ae; } th, td { border-color: #37474f; }
  figure { background: black; border-color: #263238; }
  figure svg, .legend i { filter: invert(1) hue-rotate(180deg); }
}
</style>
</head>
<body><main>
<h1>Which allocator for my program?</h1>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// Returns: it escaped, with places where a line may break: settings make long names.
std::string breakable(std::string_view label) {
  std::string result;
  for (const char c : escaped(label)) {
    result += c;
    if (c == ',' || c == ':') result += "<wbr>";
  }
  return result;
}

/// Effects: writes what columns that stand side by side have in common, above them.
void write_groups(std::ostream& out) {
  // A colspan here too, as the style goes by it.
  out << "<tr><th colspan=\"1\"></th>";
  for (const auto& [group, columns] : column_groups()) {
    out << "<th colspan=\"" << columns << "\">" << escaped(group) << "</th>";
  }
  out << "</tr>\n";
}

void write_table(std::ostream& out, const table& cells) {
  out << "<div class=\"scroll\"><table>\n";
  write_groups(out);
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const char* const kind = row == 0 ? "th" : "td";
    out << "<tr>";
    for (const std::string& cell : cells[row]) {
      const std::string text = &cell == &cells[row].front() ? breakable(cell) : escaped(cell);
      out << '<' << kind << '>' << text << "</" << kind << '>';
    }
    out << "</tr>\n";
  }
  out << "</table></div>\n";
}

/// Effects: writes the answer, of which the first sentence says it all.
void write_answer(std::ostream& out, const std::string& answer) {
  if (answer.empty()) return;  // of one allocator there is nothing to say
  const std::size_t end = std::min(answer.find(". "), answer.size());
  out << "<p class=\"answer\"><strong>" << escaped(answer.substr(0, end)) << "</strong>"
      << escaped(answer.substr(end)) << "</p>\n";
}

void write_meanings(std::ostream& out) {
  out << "<details><summary>What the columns mean</summary><dl>\n";
  for (const auto& [heading, meaning] : meanings()) {
    out << "<dt>" << escaped(heading) << "</dt><dd>" << escaped(meaning) << "</dd>\n";
  }
  out << "</dl></details>\n";
}

void write_plot(std::ostream& out, const plot& one) {
  out << "<figure><h3>" << one.title << "</h3>\n";
  if (!one.legend.empty()) {
    out << "<ul class=\"legend\">";
    for (const legend_entry& each : one.legend) {
      out << "<li><i style=\"border-top: " << each.line << "\"></i>" << escaped(each.name)
          << "</li>";
    }
    out << "</ul>\n";
  }
  out << "<div class=\"scroll\">" << one.svg << "</div>\n<figcaption>" << one.caption
      << "</figcaption></figure>\n";
}

/// Effects: lists the traces: with its plots, each takes several screens.
void write_contents(std::ostream& out, std::span<const comparison> all) {
  out << "<ol>\n";
  for (std::size_t i = 0; i < all.size(); ++i) {
    out << "<li><a href=\"#trace" << i + 1 << "\">" << escaped(all[i].trace.filename().string())
        << "</a></li>\n";
  }
  out << "</ol>\n";
}

void write_comparison(std::ostream& out, const comparison& what, std::size_t number) {
  out << "<section id=\"trace" << number << "\">\n<h2>" << escaped(what.trace.filename().string())
      << "</h2>\n<p class=\"remark\">" << escaped(description_of(what.profile)) << "</p>\n";
  write_answer(out, answer_of(what));
  write_table(out, table_of(what));
  out << "<p class=\"remark\">" << escaped(remarks_on(what)) << "</p>\n";
  write_meanings(out);
  for (const plot& each : plots_of(what, number)) write_plot(out, each);
  out << "</section>\n";
}

}  // namespace

void write_page(std::ostream& out, std::span<const comparison> all) {
  out << head;
  if (all.size() > 1) write_contents(out, all);
  for (std::size_t i = 0; i < all.size(); ++i) write_comparison(out, all[i], i + 1);
  out << "</main></body>\n</html>\n";
}

}  // namespace zpmr::compare
