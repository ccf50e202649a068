// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "comparison.hpp"

/// \file
/// Replays a trace on each candidate, several times, in turns: what disturbs the machine for a
/// while then falls on all of them.

namespace zpmr::compare {

/// Is called from time to time with what is going on, and how much of it is done, from 0 to 1. It
/// may throw `interrupted`.
using on_progress = std::function<void(const std::string& doing, double done)>;

/// Effects: replays the trace once. Throws: `bad_input` if the replay takes more memory than the
/// machine has left, or more threads than it gives; `replay_failed`; `trace_error`; what `progress`
/// throws.
[[nodiscard]] run replay_once(const std::filesystem::path& trace, const trace_profile& profile,
                              const candidate& on, measure what, const on_progress& progress);

/// Effects: starts each of them and lets it do little, so that a setting which an allocator does
/// not take is found before the measuring begins. Throws: `bad_input`.
void try_out(const std::vector<candidate>& all);

/// Effects: provides for results of `wanted`, or, if that is empty, of all that can replay the
/// trace; notes those that cannot. The trace and its profile are set. Throws: `bad_input` if one of
/// `wanted` cannot.
void choose_candidates(comparison& what, const std::vector<candidate>& wanted);

/// Effects: fills the results with `runs` replays for time and one for latencies of each. If
/// `progress` throws, what was measured until then is there.
void measure_all(comparison& what, unsigned runs, const on_progress& progress);

}  // namespace zpmr::compare
