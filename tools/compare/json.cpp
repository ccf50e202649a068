// SPDX-License-Identifier: MIT
#include "json.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "answer.hpp"

namespace zpmr::compare {
namespace {

using json = nlohmann::ordered_json;

template <class T>
json known(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json json_of(const latency_histogram& times) {
  constexpr std::array quantiles{0.5, 0.9, 0.99, 0.999, 0.9999, 1.0};
  json all = json::array();
  if (times.count() == 0) return all;
  for (const double share : quantiles) {
    all.push_back({{"share", share}, {"ns", times.quantile(share).count()}});
  }
  return all;
}

json json_of(const run& one) {
  json samples = json::array();
  for (const sample& each : one.samples) {
    samples.push_back({each.event, each.bytes_in_use, known(each.resident)});
  }
  return {{"processor_ns", one.processor_time.count()},
          {"elapsed_ns", one.elapsed.count()},
          {"peak_resident", known(one.peak_resident)},
          {"final_resident", known(one.final_resident())},
          {"resident_after_release", known(one.resident_after_release)},
          {"event_in_use_resident", samples}};
}

json json_of(const comparison& what, const result& one) {
  json all{{"allocator", one.on.label}, {"version", one.on.version}};
  const auto time = what.time_of(one);
  all["ns_per_operation"] = time ? json(time->median) : json(nullptr);
  all["peak_resident"] = known(peak_resident(one));
  all["final_resident"] = known(final_resident(one));
  all["resident_after_release"] = known(resident_after_release(one));
  all["resident_per_byte_in_use"] = known(resident_for_a_byte(one));
  all["allocation_times"] = one.times ? json_of(one.times->allocations) : json(nullptr);
  all["deallocation_times"] = one.times ? json_of(one.times->frees) : json(nullptr);
  all["runs"] = json::array();
  for (const run& each : one.runs) all["runs"].push_back(json_of(each));
  return all;
}

/// Classes with something in them, by their upper bounds.
json json_of(const std::array<std::uint64_t, classes>& counts) {
  json all = json::array();
  for (std::size_t i = 0; i < classes; ++i) {
    if (counts[i] == 0) continue;
    all.push_back({{"up_to_power_of_2", i}, {"blocks", counts[i]}});
  }
  return all;
}

json json_of(const trace_profile& profile) {
  json lifetimes = json::array();
  for (std::size_t size = 0; size < classes; ++size) {
    const json some = json_of(profile.blocks_by_size_and_lifetime[size]);
    if (!some.empty()) lifetimes.push_back({{"size_up_to_power_of_2", size}, {"events", some}});
  }
  return {{"events", profile.events},
          {"allocations", profile.allocations},
          {"threads", profile.threads()},
          {"allocated_bytes", profile.allocated_bytes},
          {"peak_bytes_in_use", profile.peak_bytes},
          {"peak_at_event", profile.peak_at},
          {"final_bytes_in_use", profile.bytes_in_use},
          {"final_blocks_in_use", profile.blocks_in_use},
          {"largest_block", profile.largest_block},
          {"recorded_ns", profile.duration.count()},
          {"cut_short", profile.cut_short},
          {"events_left_out", profile.left_out},
          {"sizes", json_of(profile.blocks_by_size)},
          {"lifetimes_by_size", lifetimes},
          {"never_freed_by_size", json_of(profile.never_freed_by_size)}};
}

}  // namespace

json json_of(const comparison& what) {
  json all{{"trace", what.trace.string()}, {"of_the_trace", json_of(what.profile)}};
  all["own_ns_per_operation"] = known(what.own_time());
  all["results"] = json::array();
  for (const result& each : what.results) all["results"].push_back(json_of(what, each));
  all["answer"] = answer_of(what);
  return all;
}

}  // namespace zpmr::compare
