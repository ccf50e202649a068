// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <zpmr/detail/figures.hpp>
#include <zpmr/tree_snapshot.hpp>

/// \file
/// The figures as JSON, by way of nlohmann's library (Debian: nlohmann-json3-dev), which must be
/// there for this header only: `nlohmann::json(tracker.snapshot())`. With `nlohmann::ordered_json`
/// the keys stand in the order of the members.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet figures_as_json.cpp example

namespace zpmr {

/// Effects: makes an object with a key for each member of a `memory_usage`, an `allocator_stats` or
/// a `process_memory`; null where it is not known, and for the limit of a tracker that has none.
template <class Json, detail::has_figures Facts>
void to_json(Json& json, const Facts& facts) {
  json = Json::object();
  for (const auto& each : detail::figures<Facts>) {
    const auto value = each.read(facts);
    json[std::string{each.name}] = value ? Json(*value) : Json(nullptr);
  }
}

namespace detail {

/// Returns: the records that are `depth` deep as an array, each with its children; takes them off.
template <class Json>
Json take_siblings(std::span<const tracker_record>& records, std::size_t depth) {
  Json siblings = Json::array();
  while (!records.empty() && records.front().depth == depth) {
    const tracker_record& record = records.front();
    records = records.subspan(1);
    siblings.push_back({{"name", std::string{record.name}},
                        {"usage", record.usage},
                        {"children", take_siblings<Json>(records, depth + 1)}});
  }
  return siblings;
}

}  // namespace detail

/// Effects: makes an array of the roots. Each tracker is an object of its "name", its "usage" as
/// above, and its "children", an array of the same.
template <class Json>
void to_json(Json& json, const tree_snapshot& tree) {
  auto records = tree.records();
  json = detail::take_siblings<Json>(records, 0);
}

}  // namespace zpmr
