// SPDX-License-Identifier: MIT
#include <cinttypes>
#include <ostream>
#include <zpmr/detail/figures.hpp>
#include <zpmr/detail/line.hpp>

#include "base/text.hpp"

namespace zpmr {

namespace detail {

namespace {

/// Effects: appends "name: 12 bytes" or "name: unknown", the name in words.
template <class Facts>
void append(text& out, const figure<Facts>& each, const Facts& facts) {
  for (const char c : each.name) out.append("%c", c == '_' ? ' ' : c);
  if (const std::optional<std::uint64_t> value = each.read(facts)) {
    out.append(": %" PRIu64 "%s", *value, each.unit == figure_unit::bytes ? " bytes" : "");
  } else {
    out.append(": unknown");
  }
}

/// Returns: what `write(text&)` writes.
template <class Writer>
line written_by(Writer write) {
  line result;
  text out{result.storage};
  write(out);
  result.length = out.view().size();
  return result;
}

template <class Facts>
line line_of_figures(const Facts& facts) {
  return written_by([&](text& out) {
    const char* before = "";
    for (const figure<Facts>& each : figures<Facts>) {
      out.append("%s", before);
      append(out, each, facts);
      before = ", ";
    }
  });
}

}  // namespace

/// A sentence, as it is what people read most.
line line_of(const memory_usage& usage) noexcept {
  static_assert(figures<memory_usage>.size() == 9, "the sentence below tells each figure");
  return written_by([&](text& out) {
    out.append("%zu bytes in use (%zu requested), peak %zu, total %zu, ", usage.bytes_in_use,
               usage.requested_bytes_in_use, usage.peak_bytes, usage.total_bytes);
    if (usage.limit == no_limit) {
      out.append("no limit; ");
    } else {
      out.append("limit %zu; ", usage.limit);
    }
    out.append("%" PRIu64 " blocks in use, %" PRIu64 " allocations, %" PRIu64
               " deallocations, %" PRIu64 " denied, %" PRIu64 " overdrafts",
               usage.blocks_in_use(), usage.allocations, usage.deallocations, usage.denied,
               usage.overdrafts);
  });
}

line line_of(const allocator_stats& stats) noexcept {
  return line_of_figures(stats);
}

line line_of(const process_memory& memory) noexcept {
  return line_of_figures(memory);
}

}  // namespace detail

std::ostream& operator<<(std::ostream& out, const memory_usage& usage) {
  return out << detail::line_of(usage).view();
}

std::ostream& operator<<(std::ostream& out, const allocator_stats& stats) {
  return out << detail::line_of(stats).view();
}

std::ostream& operator<<(std::ostream& out, const process_memory& memory) {
  return out << detail::line_of(memory).view();
}

}  // namespace zpmr
