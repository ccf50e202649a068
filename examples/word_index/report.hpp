// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <locale>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <zpmr/memory_usage.hpp>

namespace word_index {

/// What indexing all files on one allocator gave.
struct result {
  std::string_view version;  // of the allocator
  std::size_t files_read = 0;
  std::size_t files_not_text = 0;
  std::size_t files_unreadable = 0;
  std::size_t words_read = 0;
  std::size_t words_skipped = 0;
  std::size_t words_kept = 0;
  std::size_t words_evicted = 0;
  std::size_t places_kept = 0;
  std::uint64_t samples_dropped = 0;
  std::chrono::duration<double> time{};
  std::optional<std::size_t> resident_growth;  // while the index stood
  zpmr::memory_usage usage;                    // likewise
  zpmr::memory_usage usage_after;              // when the index was gone

  [[nodiscard]] bool cap_held() const noexcept {
    return usage_after.peak_bytes <= usage_after.limit && usage_after.overdrafts == 0;
  }
  [[nodiscard]] bool all_returned() const noexcept {
    return usage_after.bytes_in_use == 0 && usage_after.blocks_in_use() == 0;
  }
};

/// Returns: the bytes of this process that are in physical memory, where Linux tells.
inline std::optional<std::size_t> resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  if (!(statm >> total >> resident)) return std::nullopt;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Digits in groups: 1,234,567.
struct grouped_digits : std::numpunct<char> {
  char do_thousands_sep() const override { return ','; }
  std::string do_grouping() const override { return "\3"; }
};

/// Returns: the text on one line: a control character, as in the name of a file, becomes \xNN.
inline std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else {
      line.append("\\x").append({digits[byte / 16], digits[byte % 16]});
    }
  }
  return line;
}

/// One line that is rewritten, and gone at the end. Silent where nobody watches.
class progress {
 public:
  progress() = default;
  ~progress() { show(""); }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void show(std::string_view line) const {
    if (on_terminal_) std::cout << '\r' << line << "\x1b[K" << std::flush;
  }

 private:
  bool on_terminal_ = isatty(STDOUT_FILENO) == 1;
};

/// One column for each allocator.
inline void print_table(std::ostream& out, std::span<const result> results) {
  const auto row = [&](std::string_view title, auto&& value) {
    out << std::left << std::setw(22) << title << std::right;
    for (const result& r : results) out << std::setw(18) << std::invoke(value, r);
    out << '\n';
  };
  const auto usage_row = [&](std::string_view title, auto member) {
    row(title, [member](const result& r) { return r.usage.*member; });
  };
  const auto resident_growth = [&](const result& r) -> std::string {
    if (!r.resident_growth) return "unknown";
    std::ostringstream text;
    text.imbue(out.getloc());
    text << *r.resident_growth / 1024 << " KiB";
    return text.str();
  };

  out << std::fixed << std::setprecision(2);
  row("allocator", &result::version);
  row("files read", &result::files_read);
  row("  not text", &result::files_not_text);
  row("  unreadable", &result::files_unreadable);
  row("words read", &result::words_read);
  row("  too big to keep", &result::words_skipped);
  row("different words kept", &result::words_kept);
  row("  evicted", &result::words_evicted);
  row("places kept", &result::places_kept);
  row("seconds", [](const result& r) { return r.time.count(); });
  usage_row("bytes requested", &zpmr::memory_usage::requested_bytes_in_use);
  usage_row("bytes in use", &zpmr::memory_usage::bytes_in_use);
  usage_row("bytes at the peak", &zpmr::memory_usage::peak_bytes);
  usage_row("limit", &zpmr::memory_usage::limit);
  usage_row("refusals", &zpmr::memory_usage::denied);
  row("resident set grew by", resident_growth);
}

}  // namespace word_index
