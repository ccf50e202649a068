// SPDX-License-Identifier: MIT

/// \file
/// zpmr-compare: which allocator for my program? Replays traces of it on all of them.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "comparison.hpp"
#include "json.hpp"
#include "measuring.hpp"
#include "options.hpp"
#include "page_file.hpp"
#include "replay_process.hpp"
#include "terminal.hpp"

namespace zpmr::compare {
namespace {

/// The signal that asked for the end, or 0.
volatile std::sig_atomic_t stopped_by = 0;

/// Returns: the exit status that the shell gives a program which a signal ended.
int interrupted_status() {
  return 128 + stopped_by;
}

/// Effects: makes Ctrl-C, a lost terminal and SIGTERM end the measuring, but not the program. A
/// second one of its kind does.
void listen_to_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { stopped_by = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int each : {SIGINT, SIGHUP, SIGTERM}) ::sigaction(each, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a process that ended early is told of by its status
}

/// Effects: adds a comparison for each trace. Throws: `interrupted`; what reading and measuring
/// throw. What was measured until then is there.
void measure_traces(const options& chosen, std::vector<comparison>& all) {
  const progress_line line;
  const auto show_of = [&line](const std::filesystem::path& trace) {
    return [&line, name = trace.filename().string()](const std::string& doing, double done) {
      if (stopped_by != 0) throw interrupted();
      line.show(name + ": " + doing, done);
    };
  };
  try_out(chosen.on);
  // All of them first: a bad one is found before time is spent on the others.
  std::vector<comparison> to_measure;
  for (const std::filesystem::path& trace : chosen.traces) {
    const auto shown_reading = [&](double done) { show_of(trace)("reading", done); };
    to_measure.push_back({trace, profile_of(trace, shown_reading)});
    choose_candidates(to_measure.back(), chosen.on);
  }
  for (comparison& each : to_measure) {
    const on_progress shown = show_of(each.trace);
    measure_all(all.emplace_back(std::move(each)), chosen.runs, shown);
  }
}

bool is_anything_measured(const std::vector<comparison>& all) {
  return std::ranges::any_of(all, [](const comparison& each) {
    return std::ranges::any_of(each.results, [](const result& one) { return !one.runs.empty(); });
  });
}

void print_all(const options& chosen, const std::vector<comparison>& all) {
  if (chosen.form == output::json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const comparison& each : all) list.push_back(json_of(each));
    using nlohmann::ordered_json;
    std::cout << list.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  } else {
    print(std::cout, all);
  }
  if (!std::cout.flush()) throw std::runtime_error("cannot write the output");
}

/// Effects: writes the page, if there is anything to show. Throws: `interrupted`, as Ctrl-C also
/// ends what draws.
void write_page(page_file& page, const std::vector<comparison>& all) {
  if (!is_anything_measured(all)) return;
  const bool was_interrupted = stopped_by != 0;
  try {
    page.write(all);
  } catch (const std::exception&) {
    if (stopped_by != 0 && !was_interrupted) throw interrupted();
    throw;
  }
}

int parse_and_compare(int count, char** arguments) {
  const auto chosen = parse(count, arguments);
  if (!chosen) return EXIT_SUCCESS;
  listen_to_signals();
  std::optional<page_file> page;
  if (chosen->page) page.emplace(*chosen->page);
  std::vector<comparison> all;
  int status = EXIT_SUCCESS;
  std::exception_ptr failure;
  try {
    measure_traces(*chosen, all);
  } catch (const interrupted&) {
    complain(is_anything_measured(all) ? "interrupted; this is what was measured so far"
                                       : "interrupted before anything was measured");
    status = interrupted_status();
  } catch (const std::exception&) {
    if (!is_anything_measured(all)) throw;
    failure = std::current_exception();
  }
  print_all(*chosen, all);
  if (page) write_page(*page, all);
  if (failure) std::rethrow_exception(failure);
  return status;
}

}  // namespace
}  // namespace zpmr::compare

int main(int count, char** arguments) {
  using namespace zpmr::compare;
  if (count > 1 && arguments[1] == worker_argument) return be_worker(count, arguments);
  try {
    return parse_and_compare(count, arguments);
  } catch (const interrupted&) {
    complain("interrupted while the page was drawn; it is not written");
    return interrupted_status();
  } catch (const bad_input& error) {
    complain(error.what());
    return 2;
  } catch (const zpmr::trace_error& error) {
    complain(error.what());
    return 2;
  } catch (const std::exception& error) {
    complain(error.what());
    return EXIT_FAILURE;
  }
}
