// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <string>

#include "trace_profile.hpp"

namespace zpmr::compare {

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
      ->allow_extra_args(false)  // what follows is a trace
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
  for (const std::string& each : allocators) chosen.on.push_back(parse_candidate(each));
  if (json) chosen.form = output::json;
  if (!page.empty()) chosen.page = page;
  return chosen;
}

}  // namespace zpmr::compare
