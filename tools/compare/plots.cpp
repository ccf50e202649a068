// SPDX-License-Identifier: MIT
#include "plots.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "figures_text.hpp"
#include "gnuplot.hpp"
#include "plot_classes.hpp"

namespace zpmr::compare {
namespace {

/// A candidate keeps its colour in all plots. People who see fewer colours can tell these apart
/// too: most are those of Okabe and Ito.
const char* colour_of(std::size_t index) {
  constexpr std::array<const char*, 8> colours{"#0072b2", "#d55e00", "#009e73", "#e69f00",
                                               "#cc79a7", "#56b4e9", "#4d4d4d", "#8c510a"};
  return colours[index % colours.size()];
}

struct unit {
  double size;
  const char* name;
};

unit unit_for(double most) {
  if (most >= 1 << 30) return {1 << 30, "GiB"};
  if (most >= 1 << 20) return {1 << 20, "MiB"};
  return {1 << 10, "KiB"};
}

/// What the events are counted in along an axis.
unit events_unit(std::uint64_t events) {
  if (events >= 2'000'000) return {1e6, "million events"};
  if (events >= 2'000) return {1e3, "thousand events"};
  return {1, "events"};
}

/// A run to show: the one whose peak is in the middle.
const run& typical_run(const result& one) {
  std::vector<const run*> order;
  for (const run& each : one.runs) order.push_back(&each);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
  std::ranges::nth_element(order, middle, {}, &run::peak_resident);
  return **middle;
}

/// The data of all candidates, and the command that draws them.
class curves {
 public:
  explicit curves(std::string style) : style_(std::move(style)) {}

  /// Effects: begins a curve; its points are written to the result.
  std::ostream& add(const std::string& title, std::size_t colour) {
    if (count_ > 0) data_ << "END\n";
    data_ << "$curve" << count_ << " << END\n";
    plot_ << (count_ == 0 ? "plot " : ", ") << "$curve" << count_ << ' ' << style_ << " lc rgb '"
          << colour_of(colour) << "' dt " << 1 + colour / 8 << " title '" << title << '\'';
    ++count_;
    return data_;
  }

  /// Returns: a script; `more` are curves that are drawn after these.
  [[nodiscard]] std::string script(const std::string& more = "") const {
    return data_.str() + (count_ > 0 ? "END\n" : "") + plot_.str() + more + '\n';
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  std::string style_;
  std::ostringstream data_;
  std::ostringstream plot_;
  std::size_t count_ = 0;
};

/// Effects: calls `f(result, index)` for what was measured.
void for_each_measured(const comparison& what,
                       const std::function<void(const result&, std::size_t)>& f) {
  for (std::size_t i = 0; i < what.results.size(); ++i) {
    if (!what.results[i].runs.empty()) f(what.results[i], i);
  }
}

/// Bars from left to right, as settings make long names; the fastest first.
std::string time_script(const comparison& what) {
  std::vector<std::pair<spread, std::size_t>> bars;
  for_each_measured(what, [&](const result& one, std::size_t index) {
    if (const auto time = what.time_of(one)) bars.emplace_back(*time, index);
  });
  std::ranges::sort(bars, {},
                    [](const auto& bar) { return std::pair(bar.first.median, bar.second); });
  std::ostringstream data;
  int row = 0;
  for (const auto& [time, index] : bars) {
    data << row-- << ' ' << time.median << ' ' << time.least << ' ' << time.most << " \""
         << what.results[index].on.label << "\" \"" << three_digits(time.median) << "\" 0x"
         << colour_of(index) + 1 << '\n';
  }
  return "unset key\nset xrange [0:*]\nset yrange [" + std::to_string(row + 0.4) +
         ":0.6]\nunset grid\nset grid xtics lt 1 lc rgb '#eceff1'\n"
         "set style fill solid 0.85 noborder\nset xlabel 'ns an operation'\n"
         "$data << END\n" +
         data.str() +
         "END\nplot $data using ($2/2):1:($2/2):(0.3):7:ytic(5) with boxxyerror lc rgb variable, "
         "$data using 3:1:($4-$3):(0) with vectors nohead lw 2 lc rgb '#37474f', "
         "$data using 4:1:6 with labels left offset 1, 0\n";
}

std::string memory_script(const comparison& what) {
  double most = static_cast<double>(what.profile.peak_bytes);
  for (const result& each : what.results) most = std::max(most, peak_resident(each).value_or(0));
  const unit scale = unit_for(most);
  const unit events = events_unit(what.profile.events);
  curves all("with lines lw 2");
  std::ostringstream in_use;
  for_each_measured(what, [&](const result& one, std::size_t index) {
    const run& shown = typical_run(one);
    std::ostream& out = all.add(one.on.label, index);
    in_use.str("");
    for (const sample& each : shown.samples) {
      const double at = static_cast<double>(each.event) / events.size;
      in_use << at << ' ' << static_cast<double>(each.bytes_in_use) / scale.size << '\n';
      if (each.resident) {
        out << at << ' ' << static_cast<double>(*each.resident) / scale.size << '\n';
      }
    }
  });
  return "set yrange [0:*]\nset xlabel '" + std::string(events.name) + "'\nset ylabel '" +
         scale.name + "'\n$in_use << END\n" + in_use.str() + "END\n" +
         all.script(
             ", $in_use with filledcurves y=0 fc rgb '#90a4ae' fs transparent solid 0.4 "
             "title 'in use'");
}

std::string fragmentation_script(const comparison& what) {
  // A start and an end with hardly anything in use say nothing.
  const double least = static_cast<double>(what.profile.peak_bytes) / 10;
  const unit events = events_unit(what.profile.events);
  curves all("with lines lw 2");
  for_each_measured(what, [&](const result& one, std::size_t index) {
    std::ostream& out = all.add(one.on.label, index);
    for (const sample& each : typical_run(one).samples) {
      const auto in_use = static_cast<double>(each.bytes_in_use);
      if (!each.resident || in_use < std::max(1.0, least)) continue;
      out << static_cast<double>(each.event) / events.size << ' '
          << static_cast<double>(*each.resident) / in_use << '\n';
    }
  });
  return "set logscale y\nset ytics (1, 1.2, 1.5, 2, 3, 5, 10, 20, 50)\nset xlabel '" +
         std::string(events.name) +
         "'\n"
         "set ylabel 'resident bytes for each in use'\n" +
         all.script();
}

std::string latency_script(const comparison& what) {
  struct point {
    double share;
    const char* name;
  };
  constexpr std::array<point, 6> points{{{0.5, "50 %"},
                                         {0.9, "90 %"},
                                         {0.99, "99 %"},
                                         {0.999, "99.9 %"},
                                         {0.9999, "99.99 %"},
                                         {1, "longest"}}};
  curves all("using 1:2:xtic(3) with linespoints lw 2 pt 7 ps 0.5");
  for (std::size_t i = 0; i < what.results.size(); ++i) {
    const result& one = what.results[i];
    if (!one.times || one.times->allocations.count() == 0) continue;
    std::ostream& out = all.add(one.on.label, i);
    for (std::size_t at = 0; at < points.size(); ++at) {
      out << at << ' ' << one.times->allocations.quantile(points[at].share).count() << " \""
          << points[at].name << "\"\n";
    }
  }
  if (all.empty()) return "";
  return "set logscale y\nset offsets 0.2, 0.2, 0, 0\n"
         "set xlabel 'share of allocations that took no longer'\n"
         "set ytics ('10 ns' 1e1, '100 ns' 1e2, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, "
         "'1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, '10 s' 1e10)\n" +
         all.script();
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
                       const std::string& script) {
    if (script.empty()) return;
    const std::string prefix = "trace" + std::to_string(number) + "_" + name;
    all.push_back({title, caption, drawn_by_gnuplot(prefix, script)});
  };
  const bool is_measured =
      std::ranges::any_of(what.results, [](const result& each) { return !each.runs.empty(); });
  if (is_measured) {
    add("time", "Time of an operation",
        "Processor time, without the replay's own. The thin lines reach from the fastest run to "
        "the slowest.",
        time_script(what));
    add("memory", "Memory over time",
        "Grey is what the program has asked for; a line is what the process had for it. The nearer "
        "a line is to the grey, the better.",
        memory_script(what));
    add("fragmentation", "Fragmentation over time",
        "The same as a ratio: 1 would be no loss at all. Where less than a tenth of the peak is "
        "in use, nothing is drawn.",
        fragmentation_script(what));
  }
  add("latencies", "Times of single allocations",
      "One run in which each operation was timed. On the right are the rare ones that took long.",
      latency_script(what));
  add("sizes", "Sizes of blocks", "How many blocks of each size the program has allocated.",
      sizes_script(what.profile));
  add("lifetimes", "Sizes by lifetime",
      "How long blocks of each size were in use, counted in events of the trace. On the right, "
      "those that were never freed.",
      lifetimes_script(what.profile));
  return all;
}

}  // namespace zpmr::compare
