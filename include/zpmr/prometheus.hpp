// SPDX-License-Identifier: MIT
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <type_traits>
#include <vector>
#include <zpmr/export.hpp>

/// \file
/// The figures of all trackers, of all allocators and of the process for Prometheus, by way of
/// prometheus-cpp. Link `zpmr::prometheus`. docs/metrics.md lists the metrics.
///
/// Thread safety: every function may be called from any thread.
///
/// \snippet serve_metrics.cpp example

namespace zpmr {

/// Gives what there is at each scrape; has no figures of its own. Register one with an `Exposer`,
/// or with whatever else takes a `Collectable`; keep it, as those do not.
///
/// The label `tracker` is the path of names from the root: "server/cache". As Prometheus refuses
/// two series of the same labels, a tracker whose path another one already has gets "#2" added,
/// "#3" and so on, in the order in which they were made; bytes that are not UTF-8 become U+FFFD.
class ZPMR_EXPORT prometheus_collector final : public prometheus::Collectable {
 public:
  /// Returns: the figures of the moment. What is not known has no series: it is not 0. Nor has the
  /// limit of a tracker without one. Throws: `std::bad_alloc`, and what `allocator_resource::stats`
  /// throws.
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;
};

static_assert(std::is_base_of_v<prometheus::Collectable, prometheus_collector>);

}  // namespace zpmr
