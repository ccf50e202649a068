// SPDX-License-Identifier: MIT
#include "plots.hpp"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <utility>
#include <vector>

#include "figures_text.hpp"
#include "gnuplot.hpp"
#include "plot_classes.hpp"
#include "plot_colours.hpp"
#include "plot_curves.hpp"

namespace zpmr::compare {
namespace {

constexpr int usual_height = 400;

/// Bars from left to right, the fastest first, each below its name, as settings make long ones.
struct bars {
  std::string script;
  int height;
};

bars time_bars(const comparison& what) {
  std::vector<std::pair<spread, std::size_t>> order;
  for (std::size_t i = 0; i < what.results.size(); ++i) {
    if (const auto time = what.time_of(what.results[i])) order.emplace_back(*time, i);
  }
  std::ranges::sort(order, {},
                    [](const auto& bar) { return std::pair(bar.first.median, bar.second); });
  if (order.empty()) return {};
  std::ostringstream data;
  int row = 0;
  for (const auto& [time, index] : order) {
    data << row-- << ' ' << time.median << ' ' << time.least << ' ' << time.most << " \""
         << what.results[index].on.label << "\" \"" << number_text(time.median) << "\" 0x"
         << colour_of(index) + 1 << '\n';
  }
  const std::string script =
      "set xrange [0:*]\nset yrange [" + std::to_string(row + 0.6) +
      ":0.7]\nunset ytics\nunset grid\nset grid xtics lt 1 lc rgb '#eceff1'\n"
      "set style fill solid 0.85 noborder\nset rmargin 10\n"
      "set xlabel 'ns an operation'\n" +
      std::string(order.back().first.most >= 10'000 ? "set format x '%.0s%c'\n" : "") +
      "$data << END\n" + data.str() +
      "END\nplot $data using ($2/2):1:($2/2):(0.2):7 with boxxyerror lc rgb variable, "
      "$data using 3:1:($4-$3):(0) with vectors nohead lw 2 lc rgb '#37474f', "
      "$data using 4:1:6 with labels left offset 1, 0, "
      "$data using (0):($1+0.42):5 with labels left offset 0.5, 0\n";
  return {script, 90 - 50 * row};
}

}  // namespace

void check_gnuplot() {
  if (!gnuplot_is_there()) {
    throw bad_input("--html needs gnuplot to draw: install gnuplot-nox.");
  }
}

std::vector<plot> plots_of(const comparison& what, std::size_t number) {
  std::vector<plot> all;
  const auto add = [&](const char* name, const char* title, const char* caption,
                       const curves& drawn, int height = usual_height) {
    if (drawn.script.empty()) return;
    const std::string prefix = "trace" + std::to_string(number) + "_" + name;
    all.push_back({title, caption, drawn.legend, drawn_by_gnuplot(prefix, height, drawn.script)});
  };
  const bool is_measured =
      std::ranges::any_of(what.results, [](const result& each) { return !each.runs.empty(); });
  if (is_measured) {
    const bars times = time_bars(what);
    add("time", "Time of an operation",
        "Processor time, without the replay's own. The thin lines reach from the fastest run to "
        "the slowest.",
        {times.script, {}}, times.height);
    add("memory", "Memory over time",
        "Grey is what the program has asked for; a line is what the process had for it. The nearer "
        "a line is to the grey, the better.",
        memory_curves(what));
    add("fragmentation", "Fragmentation over time",
        "The same as a ratio: 1 would be no loss at all. Where less than a tenth of the peak is "
        "in use, nothing is drawn.",
        fragmentation_curves(what));
  }
  add("latencies", "Times of single allocations",
      "One run in which each operation was timed. On the right are the rare ones that took long.",
      latency_curves(what));
  add("sizes", "Sizes of blocks", "How many blocks of each size the program has allocated.",
      {sizes_script(what.profile), {}});
  add("lifetimes", "Sizes by lifetime",
      "How long blocks of each size were in use, counted in events of the trace. On the right, "
      "those that were never freed.",
      {lifetimes_script(what.profile), {}});
  return all;
}

}  // namespace zpmr::compare
