// SPDX-License-Identifier: MIT
//
// bench_report: makes sense of what the benchmarks have left in files.

#include <CLI/CLI.hpp>
#include <iostream>
#include <stdexcept>

#include "checks.hpp"
#include "files.hpp"
#include "instructions.hpp"
#include "measurements.hpp"
#include "page.hpp"
#include "plots.hpp"
#include "terminal.hpp"

namespace {

using namespace zpmr::bench;
namespace fs = std::filesystem;

// What CTest is told to take as "skipped".
constexpr int skipped = 77;

void print_run(const fs::path& run) {
  const measurements all = read_measurements(run);
  print_summary(std::cout, all);
  for (const std::string& doubt : reasons_for_doubt(all)) std::cout << "DOUBT: " << doubt << '\n';
}

void write_page(const fs::path& run, const fs::path& form, const fs::path& page) {
  const measurements all = read_measurements(run);
  const std::string text = read_text(form);
  draw_plots(all, fs::path(page).replace_extension());
  write_text(page, filled_in(text, all));
}

int compare_instructions(instruction_counts counted, const fs::path& accepted_file,
                         bool with_slowed_for_jemalloc) {
  const accepted_counts accepted = read_accepted(accepted_file);
  if (accepted.compiler != ZPMR_BENCH_COMPILER) {
    std::cout << "the accepted counts are of " << accepted.compiler << ", this is "
              << ZPMR_BENCH_COMPILER << '\n';
    return skipped;
  }
  if (with_slowed_for_jemalloc) {
    counted["pair of 64 B/jemalloc"] = counted.at("pair of 64 B/jemalloc slowed");
  }
  if (print_differences(std::cout, accepted.counts, counted) == 0) return 0;
  std::cout << "If that is as it should be: ./dev bench --accept\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Makes sense of what the benchmarks have left in files.", "bench_report");
  app.require_subcommand(0, 1);  // with 1 CLI11 would not name a word that is none
  fs::path run, form, page, dumps, accepted;
  bool slowed = false;

  CLI::App* const print = app.add_subcommand("print", "print the table of ratios");
  print->add_option("run", run, "directory of a run")->required();

  CLI::App* const write = app.add_subcommand("write", "write the page and its plots");
  write->add_option("run", run, "directory of a run")->required();
  write->add_option("form", form, "the page with {{names}} for the figures")->required();
  write->add_option("page", page, "file to write; its plots go to a directory of its name")
      ->required();

  CLI::App* const compare = app.add_subcommand("compare", "compare instruction counts");
  compare->add_option("dumps", dumps, "directory of callgrind's dumps")->required();
  compare->add_option("accepted", accepted, "file of the accepted counts")->required();
  compare->add_flag("--with-slowed", slowed,
                    "take the resource that was made slower for jemalloc's, which must show");

  CLI::App* const accept = app.add_subcommand("accept", "accept instruction counts");
  accept->add_option("dumps", dumps, "directory of callgrind's dumps")->required();
  accept->add_option("accepted", accepted, "file of the accepted counts")->required();

  CLI11_PARSE(app, argc, argv);
  if (app.get_subcommands().empty())
    throw std::runtime_error("a subcommand is required: see --help");
  if (*print) print_run(run);
  if (*write) write_page(run, form, page);
  if (*compare) return compare_instructions(read_instructions(dumps), accepted, slowed);
  if (*accept) write_accepted(accepted, {ZPMR_BENCH_COMPILER, read_instructions(dumps)});
  return 0;
} catch (const std::exception& error) {
  std::cerr << "bench_report: " << error.what() << '\n';
  return 1;
}
