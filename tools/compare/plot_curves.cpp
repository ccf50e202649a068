// SPDX-License-Identifier: MIT
#include "plot_curves.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <utility>

#include "plot_colours.hpp"

namespace zpmr::compare {
namespace {

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

/// Returns: commands for the axis of events, of which all plots show the same part.
std::string events_axis(std::uint64_t events) {
  const unit scale = events_unit(events);
  std::ostringstream axis;
  axis << "set xlabel '" << scale.name
       << "'\nset xrange [0:" << static_cast<double>(events) / scale.size << "]\n";
  if (events < 10) axis << "set xtics 1\n";
  return axis.str();
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
class plotted {
 public:
  explicit plotted(std::string style) : style_(std::move(style)) {}

  /// Effects: adds a curve through these points, if there are any.
  void add(const result& one, std::size_t index, const std::string& points) {
    if (points.empty()) return;
    const std::size_t count = legend_.size();
    data_ << "$curve" << count << " << END\n" << points << "END\n";
    plot_ << (count == 0 ? "plot " : ", ") << "$curve" << count << ' ' << style_ << " lc rgb '"
          << colour_of(index) << "' dt " << dashes_of(index);
    legend_.push_back({one.on.label, line_style_of(index)});
  }

  /// Effects: adds an area below these points, after all curves.
  void add_area(const std::string& name, const std::string& points) {
    data_ << "$area << END\n" << points << "END\n";
    plot_ << ", $area with filledcurves y=0 fc rgb '#90a4ae' fs transparent solid 0.4";
    legend_.push_back({name, "12px solid #d3dadf"});
  }

  /// Returns: `axes`, and then what was added.
  [[nodiscard]] curves on(const std::string& axes) && {
    if (legend_.empty()) return {};
    return {axes + data_.str() + plot_.str() + '\n', std::move(legend_)};
  }

 private:
  std::string style_;
  std::ostringstream data_;
  std::ostringstream plot_;
  std::vector<legend_entry> legend_;
};

}  // namespace

curves memory_curves(const comparison& what) {
  double most = static_cast<double>(what.profile.peak_bytes);
  for (const result& each : what.results) most = std::max(most, peak_resident(each).value_or(0));
  const unit scale = unit_for(most);
  const unit events = events_unit(what.profile.events);
  plotted all("with lines lw 2");
  std::ostringstream in_use;
  for (std::size_t i = 0; i < what.results.size(); ++i) {
    const result& one = what.results[i];
    if (one.runs.empty()) continue;
    // Before the first event there is nothing. A short trace has one more sample only.
    std::ostringstream resident;
    resident << "0 0\n";
    in_use.str("0 0\n");
    in_use.seekp(0, std::ios::end);
    for (const sample& each : typical_run(one).samples) {
      const double at = static_cast<double>(each.event) / events.size;
      in_use << at << ' ' << static_cast<double>(each.bytes_in_use) / scale.size << '\n';
      if (!each.resident) continue;
      resident << at << ' ' << static_cast<double>(*each.resident) / scale.size << '\n';
    }
    all.add(one, i, resident.str());
  }
  all.add_area("in use", in_use.str());
  return std::move(all).on("set yrange [0:*]\n" + events_axis(what.profile.events) +
                           "set ylabel '" + scale.name + "'\n");
}

curves fragmentation_curves(const comparison& what) {
  // A start and an end with hardly anything in use say nothing.
  const double least_in_use = static_cast<double>(what.profile.peak_bytes) / 10;
  const unit events = events_unit(what.profile.events);
  plotted all("with linespoints lw 2 pt 7 ps 0.4");  // a point may stand alone
  double least = 1;
  double most = 2;
  for (std::size_t i = 0; i < what.results.size(); ++i) {
    const result& one = what.results[i];
    if (one.runs.empty()) continue;
    std::ostringstream points;
    for (const sample& each : typical_run(one).samples) {
      const auto in_use = static_cast<double>(each.bytes_in_use);
      if (!each.resident || in_use < std::max(1.0, least_in_use)) continue;
      const double ratio = static_cast<double>(*each.resident) / in_use;
      if (ratio < 0.01) continue;  // the axis has no 0
      least = std::min(least, ratio);
      most = std::max(most, ratio);
      points << static_cast<double>(each.event) / events.size << ' ' << ratio << '\n';
    }
    all.add(one, i, points.str());
  }
  return std::move(all).on(
      "set logscale y\nset yrange [" + std::to_string(least) + ":" + std::to_string(most * 1.1) +
      "]\nset ytics (1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 1000, '10,000' 10000)\n" +
      events_axis(what.profile.events) + "set ylabel 'resident bytes for each in use'\n");
}

curves latency_curves(const comparison& what) {
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
  plotted all("using 1:2:xtic(3) with linespoints lw 2 pt 7 ps 0.5");
  double most = 1;
  for (std::size_t i = 0; i < what.results.size(); ++i) {
    const result& one = what.results[i];
    if (!one.times || one.times->allocations.count() == 0) continue;
    std::ostringstream line;
    for (std::size_t at = 0; at < points.size(); ++at) {
      line << at << ' ' << one.times->allocations.quantile(points[at].share).count() << " \""
           << points[at].name << "\"\n";
    }
    all.add(one, i, line.str());
    most = std::max(most, static_cast<double>(one.times->allocations.quantile(1).count()));
  }
  const int decades = static_cast<int>(std::floor(std::log10(most))) + 1;
  return std::move(all).on(
      "set logscale y\nset yrange [10:1e" + std::to_string(std::max(decades, 2)) +
      "]\nset offsets 0.2, 0.2, 0, 0\n"
      "set xlabel 'share of allocations that took no longer'\n"
      "set ytics ('10 ns' 1e1, '100 ns' 1e2, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, "
      "'1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, '10 s' 1e10)\n");
}

}  // namespace zpmr::compare
