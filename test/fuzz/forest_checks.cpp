// SPDX-License-Identifier: MIT
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "forest.hpp"

// Every figure, held against the model.

namespace zpmr::test {

namespace {

void check_peak(peak_range& known, std::size_t told, bool one_thread) {
  expect(known.read <= told, "a peak does not fall");
  expect(known.allows(told, one_thread), "a peak is what was in use");
  known.read = told;
}

void check_figures(tree_node& each) {
  const memory_tracker& tracker = *each.tracker;
  account& figures = each.figures;
  const memory_usage told = tracker.snapshot();
  memory_usage wanted = figures.expected;
  wanted.peak_bytes = told.peak_bytes;
  expect(told == wanted, "a snapshot is exact at rest");
  check_peak(figures.peaks.front(), told.peak_bytes, !figures.several_threads);
  check_peak(figures.peaks.front(), tracker.peak_bytes(), !figures.several_threads);
  expect(tracker.bytes_in_use() == wanted.bytes_in_use, "bytes_in_use is exact at rest");
  expect(tracker.limit() == wanted.limit, "a limit is what was set");
  expect(tracker.remaining() == remaining(figures), "what remains is the least of the path");
}

void check_phase(const tree_node& of, const tree_node::phase& each) {
  const memory_usage& now = of.figures.expected;
  expect(each.scope->bytes() == static_cast<std::ptrdiff_t>(now.bytes_in_use - each.start_bytes),
         "a scope tells what was added");
  expect(each.scope->allocations() ==
             static_cast<std::ptrdiff_t>(now.allocations - each.start_allocations),
         "a scope tells how many allocations there were");
  const std::size_t peak = each.start_bytes + static_cast<std::size_t>(each.scope->peak_bytes());
  check_peak(*each.peak, peak, !of.figures.several_threads);
}

}  // namespace

void forest::check() const {
  for (const auto& each : nodes_) {
    check_figures(*each);
    for (const tree_node::phase& phase : each->phases) check_phase(*each, phase);
    unsigned children = 0;
    each->tracker->for_each_child([&](const memory_tracker& child) {
      ++children;
      expect(child.parent() == each->tracker.get(), "a child knows its parent");
    });
    expect(children == each->figures.children, "each child is visited once");
  }
}

void forest::check_in_child(tree_node& at) const {
  const pid_t child = ::fork();
  expect(child >= 0, "fork works");
  if (child == 0) {
    check();
    bool fits = true;
    for_path(at.figures, [&](const account& each) { fits = fits && each.fits(1); });
    expect(at.tracker->try_charge(1) == (fits || generous_), "a limit holds in a child process");
    ::_exit(0);
  }
  int status = 0;
  pid_t ended = -1;
  do {
    ended = ::waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);  // by the fuzzer's own clock
  expect(ended == child && status == 0, "the same in a child process");
}

}  // namespace zpmr::test
