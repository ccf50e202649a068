// SPDX-License-Identifier: MIT
#include "reports/sample_csv.hpp"

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <ostream>
#include <string>

#include "base/text.hpp"
#include "reports/utf8.hpp"

namespace zpmr {

namespace {

/// Returns: the line of a sample, up to the name of the tracker.
std::string cells_of(const usage_sample& sample) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(sample.time.time_since_epoch()).count();
  std::array<char, 256> storage;
  detail::text cells{storage};
  cells.append("%" PRId64 ".%06" PRId64 ",%zu,%zu,", std::int64_t{micros / 1'000'000},
               std::int64_t{micros % 1'000'000}, sample.bytes_in_use, sample.peak_bytes);
  for (const auto& figure : {sample.limit, sample.allocator_resident, sample.process_resident}) {
    if (figure) cells.append("%zu", *figure);
    cells.append(",");
  }
  return std::string{cells.view()};
}

/// Returns: `text` as a cell of CSV: UTF-8 in quotes, those within it doubled.
std::string quoted(std::string_view text) {
  std::string cell = "\"";
  detail::for_each_character(text, [&](std::string_view character) {
    cell += character;
    if (character == "\"") cell += character;
  });
  return cell += '"';
}

}  // namespace

void usage_sampler::write_csv_titles(std::ostream& out) {
  out << "time_seconds,in_use_bytes,peak_bytes,limit_bytes,allocator_resident_bytes,"
         "process_resident_bytes,tracker\r\n";
}

void detail::write_csv(std::ostream& out, std::span<const usage_sample> samples,
                       std::string_view name) {
  const std::string tracker = quoted(name);
  std::string lines;
  for (const usage_sample& sample : samples) lines += cells_of(sample) + tracker + "\r\n";
  out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
}

}  // namespace zpmr
