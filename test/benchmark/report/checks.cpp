// SPDX-License-Identifier: MIT
#include "checks.hpp"

#include <algorithm>

#include "table.hpp"

namespace zpmr::bench {
namespace {

constexpr std::size_t least_repetitions = 9;

// No allocator does a pair faster: what is has been elided.
constexpr double least_pair_nanoseconds = 1;

// A fault takes about a microsecond: this many add less than a nanosecond to an item.
constexpr double most_page_faults = 0.001;

void check_repetitions(const measurements& all, std::vector<std::string>& doubts) {
  if (all.repetitions < least_repetitions) {
    doubts.push_back("only " + std::to_string(all.repetitions) + " repetitions");
  }
}

void check_elision(const measurements& all, std::vector<std::string>& doubts) {
  for (const auto& [name, measured] : all.cases) {
    const bool is_pair = name.work.starts_with("pair") && name.threads == 1;
    const double least = std::ranges::min(measured.nanoseconds);
    if (is_pair && least < least_pair_nanoseconds) {
      doubts.push_back(name.work + "/" + name.subject + " took " + three_digits(least) +
                       " ns: has the compiler elided it?");
    }
  }
}

void check_page_faults(const measurements& all, std::vector<std::string>& doubts) {
  for (const auto& [name, measured] : all.cases) {
    std::vector<double> faults = measured.page_faults;
    std::ranges::sort(faults);
    const double median = faults[faults.size() / 2];
    if (median > most_page_faults && name.work != "passing threads") {
      doubts.push_back(name.work + "/" + name.subject + ", " + std::to_string(name.threads) +
                       " thread(s): " + three_digits(median * 1000) +
                       " page faults in 1,000 items while the clock ran");
    }
  }
}

void check_that_slower_shows(const measurements& all, std::vector<std::string>& doubts) {
  const auto slowed =
      all.ratio({"pair of 64 B", 1, "jemalloc slowed"}, {"pair of 64 B", 1, "jemalloc"});
  if (!slowed || slowed->median < 2) {
    doubts.emplace_back("a resource that was made slower on purpose does not show as slower");
  }
}

}  // namespace

std::vector<std::string> reasons_for_doubt(const measurements& all) {
  std::vector<std::string> doubts;
  check_repetitions(all, doubts);
  check_elision(all, doubts);
  check_page_faults(all, doubts);
  check_that_slower_shows(all, doubts);
  return doubts;
}

}  // namespace zpmr::bench
