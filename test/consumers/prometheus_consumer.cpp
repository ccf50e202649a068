// SPDX-License-Identifier: MIT
#include <zpmr/prometheus.hpp>

int main() {
  return zpmr::prometheus_collector{}.Collect().empty() ? 1 : 0;
}
