// SPDX-License-Identifier: MIT
#include "ratios.hpp"

namespace zpmr::bench {
namespace {

constexpr column costs[] = {
    {"count", "@ counted", "@", "counted / the same resource uncounted: what accounting costs"},
    {"cap", "@ capped", "@", "counted, with a cap far away / uncounted: what a cap costs"},
    {"full", "@ nearly full", "@", "the same, with 99 % of the cap in use / uncounted"},
    {"deep 3", "@ depth 3", "@", "in a tree of trackers 3 deep, a cap on every level / uncounted"},
    {"deep 8", "@ depth 8", "@", "the same, 8 deep"},
    {"direct", "@ capped direct", "@ raw",
     "capped and called by its own type / the allocator's own functions, called directly"},
    {"total", "@ counted", "@ raw", "counted / the allocator's own functions, called directly"},
    {"scale0", "@", "@", "uncounted: work done in a time, all threads together / one thread", 1},
    {"scale", "@ capped", "@ capped", "capped: the same", 1},
};

constexpr column peers[] = {
    {"Redis7", "@ capped", "@ Redis 7", "capped / Redis 7's way of counting, without a cap"},
    {"Redis8", "@ capped", "@ Redis 8", "capped / Redis 8's way of counting, without a cap"},
    {"Valkey", "@ capped", "@ Valkey", "capped / Valkey's way of counting, without a cap"},
    {"zm/R7", "@ zmalloc", "@ Redis 7", "zmalloc.h, called from C / Redis 7's way of counting"},
    {"zm/Val", "@ zmalloc", "@ Valkey", "zmalloc.h, called from C / Valkey's way of counting"},
    {"Arrow", "@ capped", "@ Arrow", "capped / Arrow's way of counting, without a cap"},
    {"RMM", "@ capped", "@ RMM", "capped / RMM's statistics, under a mutex, without a cap"},
    {"glibc", "@ capped", "libc raw", "capped / glibc's malloc and free, uncounted"},
    {"newdel", "@ capped", "new_delete", "capped / std::pmr::new_delete_resource, uncounted"},
    {"pool", "@ capped", "pool", "capped / std::pmr::synchronized_pool_resource, uncounted"},
    {"TBB", "@ capped", "oneTBB", "capped / oneTBB's scalable_memory_resource, uncounted"},
    {"mimall", "@ capped", "mimalloc", "capped / mimalloc, uncounted"},
    {"foonat", "@ capped", "foonathan", "capped / foonathan/memory's pools, uncounted"},
};

std::string with_allocator(std::string_view subject, const std::string& allocator) {
  std::string name(subject);
  if (name.starts_with('@')) name.replace(0, 1, allocator);
  return name;
}

/// Returns: the case that a subject of a column is in a row.
case_name subject_in(const row& of, std::string_view subject) {
  std::string name = with_allocator(subject, of.allocator);
  const bool counts = subject == "@ counted" || subject == "@ capped" ||
                      subject == "@ nearly full" || subject.starts_with("@ depth");
  if (counts) name += of.upstream;
  return {of.work, of.threads, name};
}

std::string cell(const std::optional<spread>& value) {
  return value ? three_digits(value->median) : "";
}

}  // namespace

std::span<const column> cost_columns() {
  return costs;
}

std::span<const column> peer_columns() {
  return peers;
}

std::vector<row> rows_of_all_works(const measurements& all) {
  std::vector<row> rows;
  for (const case_name& name : all.in_order) {
    if (name.subject == "jemalloc") rows.push_back({name.work, name.threads});
  }
  return rows;
}

std::vector<row> rows_of_other_resources() {
  std::vector<row> rows;
  for (const char* allocator : {"jemalloc", "tcmalloc", "libc"}) {
    for (const char* upstream : {"", ", erased"}) {
      if (std::string_view(allocator) == "jemalloc" && *upstream == '\0') continue;
      for (const char* work : {"pair of 64 B", "mixed sizes", "table of strings"}) {
        rows.push_back({work, 1, allocator, upstream});
      }
    }
  }
  return rows;
}

std::string label(const row& of) {
  return of.threads == 1 ? of.work : of.work + ", " + std::to_string(of.threads) + " threads";
}

std::optional<spread> ratio_in(const measurements& all, const row& here, const column& of) {
  row above = here;
  if (of.numerator_threads != 0) {
    if (of.numerator_threads == here.threads) return std::nullopt;
    above.threads = of.numerator_threads;
  }
  return all.ratio(subject_in(above, of.numerator), subject_in(here, of.denominator));
}

table make_table(const measurements& all, std::span<const row> rows,
                 std::span<const column> columns) {
  table cells{{"work", "ns"}};
  for (const column& each : columns) cells.front().emplace_back(each.heading);
  for (const row& here : rows) {
    std::vector<std::string> line{label(here), cell(all.time(subject_in(here, "@")))};
    for (const column& each : columns) {
      line.push_back(cell(ratio_in(all, here, each)));
    }
    cells.push_back(std::move(line));
  }
  return cells;
}

}  // namespace zpmr::bench
