// SPDX-License-Identifier: MIT
#include <array>
#include <cinttypes>
#include <ostream>
#include <zpmr/memory_usage.hpp>

#include "text.hpp"

namespace zpmr {

std::ostream& operator<<(std::ostream& out, const memory_usage& usage) {
  std::array<char, 512> storage;
  detail::text text{storage};
  text.append("%zu bytes in use (%zu requested), peak %zu, total %zu, ", usage.bytes_in_use,
              usage.requested_bytes_in_use, usage.peak_bytes, usage.total_bytes);
  if (usage.limit == no_limit) {
    text.append("no limit; ");
  } else {
    text.append("limit %zu; ", usage.limit);
  }
  text.append("%" PRIu64 " blocks in use, %" PRIu64 " allocations, %" PRIu64
              " deallocations, %" PRIu64 " denied, %" PRIu64 " overdrafts",
              usage.blocks_in_use(), usage.allocations, usage.deallocations, usage.denied,
              usage.overdrafts);
  return out << text.view();
}

}  // namespace zpmr
