// SPDX-License-Identifier: MIT
#include "plots.hpp"

#include <cstdio>
#include <sstream>
#include <stdexcept>

namespace zpmr::bench {
namespace {

namespace fs = std::filesystem;

struct subject_label {
  const char* subject;
  const char* label;
};

constexpr subject_label everyone[] = {
    {"jemalloc raw", "jemalloc, called directly"},
    {"jemalloc", "jemalloc resource"},
    {"jemalloc counted", "counted"},
    {"jemalloc capped", "capped"},
    {"jemalloc nearly full", "99 % of the cap in use"},
    {"jemalloc depth 8", "8 trackers deep"},
    {"jemalloc Redis 7", "Redis 7's way"},
    {"jemalloc Redis 8", "Redis 8's way"},
    {"jemalloc Valkey", "Valkey's way"},
    {"jemalloc Arrow", "Arrow's way"},
    {"jemalloc RMM", "RMM's way"},
    {"new_delete", "new_delete_resource"},
    {"pool", "synchronized_pool_resource"},
    {"oneTBB", "oneTBB"},
    {"mimalloc", "mimalloc"},
    {"foonathan", "foonathan/memory"},
};

constexpr subject_label main_subjects[] = {
    {"jemalloc", "uncounted"},           {"jemalloc counted", "counted"},
    {"jemalloc capped", "capped"},       {"jemalloc Redis 7", "Redis 7's way"},
    {"jemalloc Valkey", "Valkey's way"}, {"jemalloc RMM", "RMM's way"},
};

struct point {
  const char* label;  ///< on the x axis
  case_name where;    ///< `subject` is filled in
};

/// One line for each of the main subjects through the points, from left to right.
struct line_plot {
  const char* file;
  const char* title;
  const char* x_title;
  const char* y_title;
  std::vector<point> points;
  bool per_microsecond;  ///< plots operations in a microsecond, else nanoseconds
};

const std::vector<line_plot> line_plots{
    {"sizes.svg",
     "A pair of one size, one thread",
     "size of the block",
     "nanoseconds a pair",
     {{"16 B", {"pair of 16 B", 1, ""}},
      {"64 B", {"pair of 64 B", 1, ""}},
      {"512 B", {"pair of 512 B", 1, ""}},
      {"4 KiB", {"pair of 4 KiB", 1, ""}}},
     false},
    {"threads.svg",
     "Mixed sizes, one resource for all threads",
     "threads",
     "operations a microsecond, all threads",
     {{"1", {"mixed sizes", 1, ""}},
      {"2", {"mixed sizes", 2, ""}},
      {"4", {"mixed sizes", 4, ""}},
      {"8", {"mixed sizes", 8, ""}}},
     true},
    {"trackers.svg",
     "A pair of 64 B, charged to one of many trackers at random",
     "trackers",
     "nanoseconds a pair",
     {{"1", {"1 tracker", 1, ""}},
      {"10", {"10 trackers", 1, ""}},
      {"1,000", {"1,000 trackers", 1, ""}},
      {"10,000", {"10,000 trackers", 1, ""}}},
     false},
};

std::string heading(const fs::path& file, const char* title) {
  return "set terminal svg size 800,420 noenhanced font 'sans-serif,13' background 'white'\nset "
         "output '" +
         file.string() + "'\nset title \"" + title + "\"\nset yrange [0:*]\nset grid ytics\n";
}

void run_gnuplot(const std::string& script) {
  FILE* const gnuplot = ::popen("gnuplot -", "w");
  if (gnuplot == nullptr) throw std::runtime_error("gnuplot cannot be started");
  std::fputs(script.c_str(), gnuplot);
  if (::pclose(gnuplot) != 0) throw std::runtime_error("gnuplot has failed");
}

void draw_lines(const measurements& all, const line_plot& what, const fs::path& directory) {
  std::ostringstream data, plot;
  int index = 0;
  for (const subject_label& each : main_subjects) {
    data << "$data" << index << " << END\n";
    for (std::size_t x = 0; x < what.points.size(); ++x) {
      case_name where = what.points[x].where;
      where.subject = each.subject;
      const auto time = all.time(where);
      if (!time) continue;
      const double y = what.per_microsecond ? 1000 / time->median : time->median;
      data << x << ' ' << y << " \"" << what.points[x].label << "\"\n";
    }
    data << "END\n";
    plot << (index == 0 ? "plot " : ", ") << "$data" << index
         << " using 1:2:xtic(3) with linespoints lw 2 pt 7 ps 0.6 title \"" << each.label << '"';
    ++index;
  }
  run_gnuplot(heading(directory / what.file, what.title) + "set key outside right\nset xlabel '" +
              what.x_title + "'\nset ylabel '" + what.y_title + "'\nset xrange [-0.2:" +
              std::to_string(what.points.size() - 1) + ".2]\n" + data.str() + plot.str() + "\n");
}

/// A bar for everyone, with the middle half of the repetitions.
void draw_bars(const measurements& all, const std::string& work, const fs::path& file,
               const char* title) {
  std::ostringstream data;
  int index = 0;
  for (const subject_label& each : everyone) {
    const auto time = all.time({work, 1, each.subject});
    if (!time) continue;
    data << index << ' ' << time->median << ' ' << time->low << ' ' << time->high << " \""
         << each.label << "\" " << (index < 6 ? 0x2e7d32 : 0x90a4ae) << '\n';
    ++index;
  }
  run_gnuplot(heading(file, title) +
              "set key off\nset boxwidth 0.7\nset style fill solid\nset "
              "xtics rotate by -40\nset "
              "rmargin 12\nset bmargin 10\n"
              "set ylabel 'nanoseconds an operation'\n$data << END\n" +
              data.str() +
              "END\nplot $data using 1:2:6:xtic(5) with boxes lc rgb variable, "
              "$data using 1:3:(0):($4-$3) with vectors nohead lw 2 lc rgb 'black'\n");
}

}  // namespace

void draw_plots(const measurements& all, const fs::path& directory) {
  fs::create_directories(directory);
  draw_bars(all, "pair of 64 B", directory / "pair.svg", "A pair of 64 B, one thread");
  draw_bars(all, "mixed sizes", directory / "mixed.svg", "Mixed sizes, one thread");
  for (const line_plot& each : line_plots) draw_lines(all, each, directory);
}

}  // namespace zpmr::bench
