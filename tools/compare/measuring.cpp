// SPDX-License-Identifier: MIT
#include "measuring.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <zpmr/trace_reader.hpp>

#include "batch_cutter.hpp"
#include "replay_process.hpp"
#include "reports/terminal_text.hpp"

namespace zpmr::compare {
namespace {

/// A few hundred samples; but a batch must be long enough for threads to meet, and for the time
/// that they wait for each other between two to be little.
std::size_t batch_steps(std::uint64_t events) {
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(events / 256, 1024, 65536));
}

std::optional<std::uint64_t> growth(std::optional<std::size_t> before,
                                    std::optional<std::size_t> now) {
  if (!before || !now) return std::nullopt;
  return *now - std::min(*now, *before);
}

/// Collects the readings of one replay.
class recorder {
 public:
  recorder(const reading& before, std::string name)
      : before_(before), name_(std::move(name)), available_(available_memory()) {}

  void note(const reading& now, const batch_cutter& at) {
    run_.processor_time += now.processor_time;
    run_.elapsed += now.elapsed;
    const auto resident = growth(before_.resident, now.resident);
    run_.samples.push_back({at.events(), at.bytes_in_use(), resident});
    most_ = std::max(most_, resident);
    last_ = now;
    if (resident && available_ && *resident > *available_) {
      throw bad_input("on " + name_ + ", event " + std::to_string(at.events()) +
                      " takes the process to " + detail::rounded_size(*resident) + ", but only " +
                      detail::rounded_size(*available_) +
                      " of memory were free. Replay it on a machine with more, or leave " + name_ +
                      " out with --allocator.");
    }
  }

  [[nodiscard]] run finished(const last_word& last) && {
    run_.resident_after_release = growth(before_.resident, last.resident_after_release);
    run_.times = last.times;
    // The system's own peak sees what is between two samples, but also what was before the first:
    // only if it has risen since is it the replay's.
    run_.peak_resident = most_;
    if (last_.peak_resident > before_.peak_resident) {
      run_.peak_resident = std::max(most_, growth(before_.resident, last_.peak_resident));
    }
    return std::move(run_);
  }

 private:
  reading before_;
  reading last_{};
  std::optional<std::uint64_t> most_;
  std::string name_;
  std::optional<std::uint64_t> available_;
  run run_;
};

std::string description(const candidate& on, const std::string& round) {
  return on.label + ", " + round;
}

void measure_once(comparison& what, result& one, measure kind, const std::string& round,
                  const on_progress& progress) {
  const auto shown = [&](const std::string&, double done) {
    progress(description(one.on, round), done);
  };
  run measured = replay_once(what.trace, what.profile, one.on, kind, shown);
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
  recorder readings(process.begin(cutter.shape()), on.label);
  const auto play = [&] {
    readings.note(process.play(cutter.cut()), cutter);
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
      (void)process.begin({1, 1, 1});
      batch one{{1, 0}, {{0, 1, after_batch::thread_goes_on}}, {{1, 0, action::allocate, 0}}};
      (void)process.play(one);
      (void)process.finish(1);
    } catch (const replay_failed& error) {
      throw bad_input("--allocator: " + std::string(error.what()) + ".");
    }
  }
}

void measure_all(comparison& what, const std::vector<candidate>& all, unsigned runs,
                 const on_progress& progress) {
  what.own_cost = {nothing_candidate(), {}, {}};
  for (const candidate& each : all) what.results.push_back({each, {}, {}});
  for (unsigned i = 1; i <= runs; ++i) {
    measure_each(what, measure::processor_time,
                 "run " + std::to_string(i) + " of " + std::to_string(runs), progress);
  }
  measure_each(what, measure::latencies, "latencies", progress);
}

}  // namespace zpmr::compare
