// SPDX-License-Identifier: MIT

/// \file
/// scrape trackers|gauges: what does a scrape of 1,000 trackers cost, and what one of as many
/// series of prometheus-cpp's own gauges? Callgrind counts it.

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <valgrind/callgrind.h>

#include <cstddef>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <zpmr/detail/figures.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/prometheus.hpp>

namespace {

constexpr std::size_t tracker_count = 1000;

std::string leaf_name(std::size_t number) {
  return "tenant-" + std::to_string(number);
}

/// All of them with a limit, so that each has all its series.
class trackers {
 public:
  trackers() {
    root_.set_limit(std::size_t{1} << 40);
    for (std::size_t i = 1; i < tracker_count; ++i) {
      auto& leaf = leaves_.emplace_back(leaf_name(i), root_);
      leaf.set_limit(std::size_t{1} << 30);
      leaf.charge(i * 1000);
    }
  }
  ~trackers() {
    for (auto& leaf : leaves_) leaf.uncharge(leaf.bytes_in_use());
  }
  trackers(const trackers&) = delete;
  trackers& operator=(const trackers&) = delete;

 private:
  zpmr::memory_tracker root_{"server"};
  std::deque<zpmr::memory_tracker> leaves_;
};

std::unique_ptr<prometheus::Collectable> own_gauges() {
  auto registry = std::make_unique<prometheus::Registry>();
  for (const auto& each : zpmr::detail::figures<zpmr::memory_usage>) {
    auto& family = prometheus::BuildGauge()
                       .Name(std::string{each.metric})
                       .Help(std::string{each.help})
                       .Register(*registry);
    for (std::size_t i = 0; i < tracker_count; ++i) {
      family.Add({{"tracker", "server/" + leaf_name(i)}}).Set(static_cast<double>(i * 1000));
    }
  }
  return registry;
}

/// What an `Exposer` does at a scrape.
std::size_t scrape_once(const prometheus::Collectable& source) {
  return prometheus::TextSerializer{}.Serialize(source.Collect()).size();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  const trackers all;
  if (what != "trackers" && what != "gauges") {
    std::cerr << "usage: scrape trackers|gauges\n";
    return 1;
  }
  const auto source =
      what == "gauges" ? own_gauges() : std::make_unique<zpmr::prometheus_collector>();
  scrape_once(*source);  // what happens once only
  CALLGRIND_TOGGLE_COLLECT;
  const std::size_t bytes = scrape_once(*source);
  CALLGRIND_TOGGLE_COLLECT;
  std::cout << bytes << " bytes\n";
}
