// SPDX-License-Identifier: MIT
#include "page.hpp"

#include <sstream>

#include "checks.hpp"
#include "ratios.hpp"
#include "terminal.hpp"

namespace zpmr::bench {
namespace {

std::string markdown(const table& cells) {
  std::ostringstream out;
  print_markdown(out, cells);
  return out.str();
}

std::string legend(std::span<const column> columns) {
  std::string lines;
  for (const column& each : columns) {
    lines += "- *" + std::string(each.heading) + "*: " + std::string(each.meaning) + '\n';
  }
  return lines;
}

std::string bullets(const std::vector<std::string>& lines) {
  if (lines.empty()) return "none.\n";
  std::string all;
  for (const std::string& line : lines) all += "- " + line + '\n';
  return all;
}

std::string other_resources(const measurements& all) {
  table cells;
  for (const row& each : rows_of_other_resources()) {
    table one = make_table(all, std::span(&each, 1), cost_columns().first(7));
    if (cells.empty()) cells.push_back(one.front());
    one[1][0] = each.allocator + each.upstream + ": " + one[1][0];
    cells.push_back(std::move(one[1]));
  }
  return markdown(cells);
}

/// How many times as long a work takes counted and capped as uncounted.
std::string cost_of(const measurements& all, const std::string& work) {
  const auto ratio = all.ratio({work, 1, "jemalloc capped"}, {work, 1, "jemalloc"});
  return ratio ? three_digits(ratio->median) : "";
}

/// A row for each subject, a column for each work.
std::string instructions(const measurements& all) {
  const std::vector<std::string> works{"pair of 64 B", "mixed sizes", "table of strings"};
  table cells{{"subject"}};
  cells.front().insert(cells.front().end(), works.begin(), works.end());
  for (const case_name& name : all.in_order) {
    if (name.work != works.front() || name.threads != 1) continue;
    std::vector<std::string> line{name.subject};
    for (const std::string& work : works) {
      const auto found = all.instructions.find(work + '/' + name.subject);
      line.push_back(found != all.instructions.end() ? three_digits(found->second) : "");
    }
    cells.push_back(std::move(line));
  }
  return markdown(cells);
}

/// How many instructions the processor gets done in a time, subject by subject.
std::string instruction_rates(const measurements& all) {
  constexpr const char* work = "pair of 64 B";
  table cells{{"subject", "instructions", "ns", "instructions in a ns"}};
  for (const char* subject : {"jemalloc raw", "jemalloc", "jemalloc capped direct",
                              "jemalloc capped", "jemalloc Valkey", "libc raw"}) {
    const auto counted = all.instructions.find(std::string(work) + '/' + subject);
    const auto time = all.time({work, 1, subject});
    if (counted == all.instructions.end() || !time) continue;
    cells.push_back({subject, three_digits(counted->second), three_digits(time->median),
                     three_digits(counted->second / time->median)});
  }
  return markdown(cells);
}

/// Many trackers against one, and what as many cache lines cost without any counting.
std::string many_against_one(const measurements& all) {
  table cells{{"one of so many / always the same", "capped", "three cache lines each"}};
  for (const char* many : {"10 trackers", "1,000 trackers", "10,000 trackers"}) {
    std::vector<std::string> line{many};
    for (const char* subject : {"jemalloc capped", "jemalloc three lines"}) {
      const auto ratio = all.ratio({many, 1, subject}, {"1 tracker", 1, subject});
      line.push_back(ratio ? three_digits(ratio->median) : "");
    }
    cells.push_back(std::move(line));
  }
  return markdown(cells);
}

std::string footprint(const measurements& all) {
  std::string text;
  for (const auto& [threads, bytes] : all.bytes_per_tracker) {
    text += "- charged by " + std::to_string(threads) +
            (threads == 1 ? " thread: " : " threads: ") + three_digits(bytes) + '\n';
  }
  return text;
}

std::string refusals(const measurements& all) {
  std::string text;
  for (const auto& [leaves, nanoseconds] : all.refusal_nanoseconds) {
    text += "- beside " + std::to_string(leaves) + " idle leaves: " + three_digits(nanoseconds) +
            " ns\n";
  }
  return text;
}

void replace(std::string& text, const std::string& name, const std::string& value) {
  const std::string marker = "{{" + name + "}}";
  for (auto at = text.find(marker); at != std::string::npos; at = text.find(marker, at)) {
    text.replace(at, marker.size(), value);
    at += value.size();
  }
}

}  // namespace

std::string filled_in(std::string text, const measurements& all) {
  const std::vector<row> rows = rows_of_all_works(all);
  replace(text, "machine", machine_line(all));
  replace(text, "repetitions", std::to_string(all.repetitions));
  replace(text, "noise", three_digits(typical_noise(all)));
  replace(text, "cost_of_pair", cost_of(all, "pair of 64 B"));
  replace(text, "cost_of_mix", cost_of(all, "mixed sizes"));
  replace(text, "cost_of_table", cost_of(all, "table of strings"));
  replace(text, "cost", markdown(make_table(all, rows, cost_columns())));
  replace(text, "cost_legend", legend(cost_columns()));
  replace(text, "peers", markdown(make_table(all, rows, peer_columns())));
  replace(text, "peers_legend", legend(peer_columns()));
  replace(text, "others", other_resources(all));
  replace(text, "instructions", instructions(all));
  replace(text, "instruction_rates", instruction_rates(all));
  replace(text, "many_against_one", many_against_one(all));
  replace(text, "footprint", footprint(all));
  replace(text, "refusals", refusals(all));
  replace(text, "doubts", bullets(reasons_for_doubt(all)));
  return text;
}

}  // namespace zpmr::bench
