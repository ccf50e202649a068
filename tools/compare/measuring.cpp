// SPDX-License-Identifier: MIT
#include "measuring.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <zpmr/trace_reader.hpp>

#include "batch_cutter.hpp"
#include "replay_process.hpp"
#include "replay_readings.hpp"

namespace zpmr::compare {
namespace {

/// A few hundred samples; but a batch must be long enough for threads to meet, and for the time
/// that they wait for each other between two to be little. It is odd, and never just beside a power
/// of two if it is short: programs go round in such numbers of events, and all samples would show
/// the same moment of a round.
std::size_t batch_steps(std::uint64_t events) {
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(events / 256, 1103, 65535) | 1);
}

std::string description(const candidate& on, const std::string& round) {
  return on.label + ", " + round;
}

/// Effects: as `replay_once`; what it throws names the trace, as there may be several.
run replayed(const comparison& what, const candidate& on, measure kind,
             const on_progress& progress) {
  const std::string trace = what.trace.string() + ": ";
  try {
    return replay_once(what.trace, what.profile, on, kind, progress);
  } catch (const bad_input& error) {
    throw bad_input(trace + error.what());
  } catch (const replay_failed& error) {
    throw replay_failed(trace + error.what());
  }
}

void measure_once(comparison& what, result& one, measure kind, const std::string& round,
                  const on_progress& progress) {
  const auto shown = [&](const std::string&, double done) {
    progress(description(one.on, round), done);
  };
  run measured = replayed(what, one.on, kind, shown);
  if (kind == measure::latencies) {
    one.times = measured.times;
  } else {
    one.runs.push_back(std::move(measured));
  }
}

void measure_each(comparison& what, measure kind, const std::string& round,
                  const on_progress& progress) {
  measure_once(what, what.own_cost, kind, round, progress);
  for (result& each : what.results) measure_once(what, each, kind, round, progress);
}

}  // namespace

run replay_once(const std::filesystem::path& trace, const trace_profile& profile,
                const candidate& on, measure what, const on_progress& progress) {
  batch_cutter cutter(profile, batch_steps(profile.events));
  trace_reader reader(trace);
  replay_process process(on, what);
  replay_readings readings(process.begin(cutter.shape()), on.label, available_memory());
  const auto play = [&] {
    const reading after = process.play(cutter.cut());
    readings.note(after, cutter.events(), cutter.bytes_in_use());
    progress(on.label, static_cast<double>(cutter.events()) / static_cast<double>(profile.events));
  };
  while (const auto event = reader.next()) {
    if (cutter.events() == profile.events) break;
    cutter.add(*event);
    if (cutter.is_full()) play();
  }
  if (!cutter.is_empty()) play();
  return std::move(readings).finished(process.finish(cutter.blocks_in_use()));
}

void try_out(const std::vector<candidate>& all) {
  for (const candidate& each : all) {
    try {
      replay_process process(each, measure::processor_time);
      (void)process.begin({.places = 1, .batch_steps = 2, .largest_block = 1});
      batch one{{1, 0},
                {{0, 2, after_batch::thread_goes_on}},
                {{1, 0, action::allocate, 0}, {1, 0, action::free, 0}}};
      (void)process.play(one);
      (void)process.finish(0);
    } catch (const replay_failed& error) {
      throw bad_input("--allocator: " + std::string(error.what()) + ".");
    }
  }
}

void choose_candidates(comparison& what, const std::vector<candidate>& wanted) {
  what.own_cost = {nothing_candidate(), {}, {}};
  for (const candidate& each : wanted.empty() ? all_candidates() : wanted) {
    if (what.profile.threads() == 1 || takes_threads(each)) {
      what.results.push_back({each, {}, {}});
    } else if (wanted.empty()) {
      what.left_out.push_back(each.label);
    } else {
      throw bad_input("--allocator: " + each.label + " is for one thread, but " +
                      what.trace.string() + " has " + std::to_string(what.profile.threads()) +
                      ". Leave it out, or give a trace of one thread.");
    }
  }
}

void measure_all(comparison& what, unsigned runs, const on_progress& progress) {
  for (unsigned i = 1; i <= runs; ++i) {
    measure_each(what, measure::processor_time,
                 "run " + std::to_string(i) + " of " + std::to_string(runs), progress);
  }
  measure_each(what, measure::latencies, "latencies", progress);
}

}  // namespace zpmr::compare
