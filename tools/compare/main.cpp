// SPDX-License-Identifier: MIT

/// \file
/// zpmr-compare: which allocator for my program? Replays traces of it on all of them.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "comparison.hpp"
#include "figures_text.hpp"
#include "json.hpp"
#include "measuring.hpp"
#include "page.hpp"
#include "plots.hpp"
#include "replay_process.hpp"

namespace zpmr::compare {
namespace {

namespace fs = std::filesystem;

constexpr int interrupted_status = 128 + SIGINT;

enum class output { table, json };

struct options {
  std::vector<fs::path> traces;
  std::vector<candidate> on = all_candidates();
  unsigned runs = 5;
  output form = output::table;
  std::optional<fs::path> page;
};

volatile std::sig_atomic_t ctrl_c = 0;

/// Effects: makes Ctrl-C end the measuring, but not the program. A second one does.
void listen_to_ctrl_c() {
  struct sigaction action {};
  action.sa_handler = [](int) { ctrl_c = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a process that ended early is told of by its status
}

/// One line on the terminal that is rewritten, and gone at the end.
class progress_line {
 public:
  progress_line() = default;
  ~progress_line() { show(""); }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  void show(const std::string& line) const {
    if (on_terminal_) std::cerr << '\r' << line << "\x1b[K" << std::flush;
  }
  void show(const std::string& doing, double done) const {
    if (ctrl_c != 0) throw interrupted();
    std::ostringstream line;
    line << doing << ": " << std::fixed << std::setprecision(0) << done * 100 << " %";
    show(line.str());
  }

 private:
  bool on_terminal_ = ::isatty(STDERR_FILENO) == 1;
};

/// Returns: the options, or nothing if help was asked for and given.
std::optional<options> parse(int count, char** arguments) {
  options chosen;
  std::vector<std::string> traces, allocators;
  std::string page;
  bool json = false;
  CLI::App app("Replays traces of a program on each allocator, and says which one suits it.",
               "zpmr-compare");
  app.add_option("trace", traces, "what a trace_resource has recorded, or heaptrack --raw")
      ->required()
      ->type_name("TRACE");
  app.add_option("--allocator", allocators,
                 "only on this one, with settings if you like: jemalloc:dirty_decay_ms:0,narenas:1 "
                 "or tcmalloc:release_rate:10; may be given again")
      ->type_name("NAME[:SETTINGS]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--runs", chosen.runs, "how often to replay on each, to take the median")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  app.add_flag("--json", json, "write all figures as JSON instead of the table");
  app.add_option("--html", page, "write a page with plots to this file, too")->type_name("FILE");
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success& help) {
    app.exit(help);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw bad_input(std::string(error.what()) + ". See --help.");
  }
  chosen.traces.assign(traces.begin(), traces.end());
  if (!allocators.empty()) chosen.on.clear();
  for (const std::string& each : allocators) chosen.on.push_back(parse_candidate(each));
  if (json) chosen.form = output::json;
  if (!page.empty()) chosen.page = page;
  return chosen;
}

/// The file that the page goes to. An earlier page stays there until the new one is complete.
class page_file {
 public:
  /// Effects: opens it, so that what cannot be written is told before the measuring begins.
  explicit page_file(fs::path name) : name_(std::move(name)), written_(name_) {
    check_gnuplot();
    const fs::file_type type = fs::symlink_status(name_).type();
    // A device, a pipe and a link are to stay what they are, so they are written to directly.
    if (type == fs::file_type::regular || type == fs::file_type::not_found) written_ += ".part";
    if (type == fs::file_type::regular) check(std::ofstream(name_, std::ios::app));
    out_.open(written_);
    check(out_);
  }
  ~page_file() {
    std::error_code ignored;
    if (written_ != name_) fs::remove(written_, ignored);
  }
  page_file(const page_file&) = delete;
  page_file& operator=(const page_file&) = delete;

  void write(const std::vector<comparison>& all) {
    write_page(out_, all);
    out_.close();
    if (!out_) throw std::runtime_error("cannot write all of the page");
    if (written_ != name_) fs::rename(written_, name_);
  }

 private:
  void check(const std::ofstream& file) const {
    if (file) return;
    throw bad_input("--html: cannot write \"" + name_.string() + "\" (" + std::strerror(errno) +
                    "). Name a file in a directory of yours.");
  }

  fs::path name_;
  fs::path written_;
  std::ofstream out_;
};

void print_table(std::ostream& out, const table& cells) {
  std::vector<std::size_t> widths(cells.front().size());
  const auto columns = [](const std::string& cell) {  // "µ" is two bytes, but one column
    return cell.size() - (cell.find("µ") == cell.npos ? 0U : 1U);
  };
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - columns(row[i]), ' ');
      out << (i == 0 ? row[i] + padding : "  " + padding + row[i]);
    }
    out << '\n';
  }
}

void print(std::ostream& out, const comparison& what) {
  out << what.trace.string() << ": " << description_of(what.profile) << "\n\n";
  print_table(out, table_of(what));
  out << '\n' << answer_of(what) << "\n\n" << remarks_on(what) << "\n\n";
}

void print_meanings(std::ostream& out) {
  out << "What the columns mean:\n";
  for (const auto& [heading, meaning] : meanings()) {
    out << "  " << std::left << std::setw(10) << heading << meaning << '\n';
  }
}

/// Effects: adds a comparison for each trace. Throws: `interrupted`; what reading and measuring
/// throw. What was measured until then is there.
void measure_traces(const options& chosen, std::vector<comparison>& all) {
  const progress_line line;
  const auto show_of = [&line](const fs::path& trace) {
    return [&line, name = trace.filename().string()](const std::string& doing, double done) {
      line.show(name + ": " + doing, done);
    };
  };
  try_out(chosen.on);
  // All of them first: a bad one is found before time is spent on the others.
  std::vector<comparison> to_measure;
  for (const fs::path& trace : chosen.traces) {
    const auto shown_reading = [&](double done) { show_of(trace)("reading", done); };
    to_measure.push_back({trace, profile_of(trace, shown_reading), {}, {}});
  }
  for (comparison& each : to_measure) {
    const on_progress shown = show_of(each.trace);
    measure_all(all.emplace_back(std::move(each)), chosen.on, chosen.runs, shown);
  }
}

bool is_anything_measured(const std::vector<comparison>& all) {
  return std::ranges::any_of(all, [](const comparison& each) {
    return std::ranges::any_of(each.results, [](const result& one) { return !one.runs.empty(); });
  });
}

void show(const options& chosen, const std::vector<comparison>& all, page_file* page) {
  if (chosen.form == output::json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const comparison& each : all) list.push_back(json_of(each));
    using nlohmann::ordered_json;
    std::cout << list.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  } else {
    for (const comparison& each : all) print(std::cout, each);
    if (!all.empty()) print_meanings(std::cout);
  }
  if (page != nullptr) page->write(all);
  if (!std::cout.flush()) throw std::runtime_error("cannot write the output");
}

int parse_and_compare(int count, char** arguments) {
  const auto chosen = parse(count, arguments);
  if (!chosen) return EXIT_SUCCESS;
  std::optional<page_file> page;
  if (chosen->page) page.emplace(*chosen->page);
  listen_to_ctrl_c();
  std::vector<comparison> all;
  int status = EXIT_SUCCESS;
  std::exception_ptr failure;
  try {
    measure_traces(*chosen, all);
  } catch (const interrupted&) {
    std::cerr << "zpmr-compare: interrupted; this is what was measured so far\n";
    status = interrupted_status;
  } catch (const std::exception&) {
    if (!is_anything_measured(all)) throw;
    failure = std::current_exception();
  }
  show(*chosen, all, page ? &*page : nullptr);
  if (failure) std::rethrow_exception(failure);
  return status;
}

void complain(const std::exception& error) {
  std::cerr << "zpmr-compare: " << error.what() << '\n';
}

}  // namespace
}  // namespace zpmr::compare

int main(int count, char** arguments) {
  using namespace zpmr::compare;
  if (count > 1 && arguments[1] == worker_argument) return be_worker(count, arguments);
  try {
    return parse_and_compare(count, arguments);
  } catch (const bad_input& error) {
    complain(error);
    return 2;
  } catch (const zpmr::trace_error& error) {
    complain(error);
    return 2;
  } catch (const std::exception& error) {
    complain(error);
    return EXIT_FAILURE;
  }
}
