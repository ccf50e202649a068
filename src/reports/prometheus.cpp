// SPDX-License-Identifier: MIT
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <zpmr/default_allocator.hpp>
#include <zpmr/detail/figures.hpp>
#include <zpmr/prometheus.hpp>
#include <zpmr/tree_snapshot.hpp>

namespace zpmr {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// What a series is about, and its one label.
template <class Facts>
struct subject {
  std::vector<ClientMetric::Label> labels;
  Facts facts;
};

/// Gives each path once.
class unique_paths {
 public:
  std::string add(std::string path) {
    std::size_t& given = times_given_[path];
    if (given++ == 0) return path;
    for (std::size_t number = given;; ++number) {
      std::string numbered = path + '#' + std::to_string(number);
      // Some tracker may really be called so.
      if (times_given_.emplace(numbered, 1).second) return numbered;
    }
  }

 private:
  std::unordered_map<std::string, std::size_t> times_given_;
};

std::vector<subject<memory_usage>> all_trackers() {
  const tree_snapshot tree;
  std::vector<subject<memory_usage>> subjects;
  subjects.reserve(tree.records().size());
  unique_paths paths;
  std::vector<std::string> open;  // by depth: the path of the last tracker
  for (const tracker_record& record : tree.records()) {
    open.resize(record.depth);
    std::string path = open.empty() ? std::string{} : open.back() + '/';
    open.push_back(paths.add(path.append(record.name)));
    subjects.push_back({{{"tracker", open.back()}}, record.usage});
  }
  return subjects;
}

std::vector<subject<allocator_stats>> all_allocators() {
  std::vector<subject<allocator_stats>> subjects;
  for (const allocator_resource* allocator : allocators()) {
    subjects.push_back({{{"allocator", std::string{allocator->name()}}}, allocator->stats()});
  }
  return subjects;
}

/// Effects: appends the series of one figure, unless there are none.
template <class Facts>
void append(std::vector<MetricFamily>& families, const detail::figure<Facts>& figure,
            const std::vector<subject<Facts>>& subjects) {
  const bool counts = figure.kind == detail::figure_kind::counter;
  MetricFamily family{std::string{figure.metric},
                      std::string{figure.help},
                      counts ? MetricType::Counter : MetricType::Gauge,
                      {}};
  family.metric.reserve(subjects.size());
  for (const subject<Facts>& each : subjects) {
    const std::optional<std::uint64_t> value = figure.read(each.facts);
    if (!value) continue;
    ClientMetric& metric = family.metric.emplace_back();
    metric.label = each.labels;
    (counts ? metric.counter.value : metric.gauge.value) = static_cast<double>(*value);
  }
  if (!family.metric.empty()) families.push_back(std::move(family));
}

template <class Facts>
void append_all(std::vector<MetricFamily>& families, const std::vector<subject<Facts>>& subjects) {
  for (const detail::figure<Facts>& each : detail::figures<Facts>) append(families, each, subjects);
}

}  // namespace

std::vector<MetricFamily> prometheus_collector::Collect() const {
  std::vector<MetricFamily> families;
  append_all(families, all_trackers());
  append_all(families, all_allocators());
  append_all<process_memory>(families, {{{}, sample_process_memory()}});
  return families;
}

}  // namespace zpmr
