// SPDX-License-Identifier: MIT
#include "plot_classes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>

namespace zpmr::compare {
namespace {

/// Returns: 2^k, with a suffix of `base` to the power of 0, 1, 2 ...
std::string power_of_two(std::size_t k, std::array<const char*, 7> suffixes) {
  return std::to_string(1 << k % 10) + suffixes[k / 10];
}

std::string size_of_class(std::size_t k) {
  return power_of_two(k, {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"});
}

std::string events_of_class(std::size_t k) {
  return power_of_two(k, {"", " Ki", " Mi", " Gi", " Ti", " Pi", " Ei"});
}

/// The classes that have something in them, and those between.
struct range {
  std::size_t first = classes;
  std::size_t last = 0;

  void add(std::size_t k) {
    first = std::min(first, k);
    last = std::max(last, k);
  }
};

range sizes_in(const trace_profile& profile) {
  range all;
  for (std::size_t k = 0; k < classes; ++k) {
    if (profile.blocks_by_size[k] > 0) all.add(k);
  }
  return all;
}

range lifetimes_in(const trace_profile& profile) {
  range all;
  for (const auto& of_size : profile.blocks_by_size_and_lifetime) {
    for (std::size_t k = 0; k < classes; ++k) {
      if (of_size[k] > 0) all.add(k);
    }
  }
  return all;
}

std::string tics(const char* axis, range shown, std::string (*name)(std::size_t),
                 const std::string& more = "") {
  std::ostringstream list;
  // Room for about a dozen names.
  const std::size_t stride = (shown.last - shown.first) / 12 + 1;
  for (std::size_t k = shown.first; k <= shown.last; k += stride) {
    list << (k == shown.first ? "" : ", ") << "'" << name(k) << "' " << k;
  }
  return std::string("set ") + axis + "tics (" + list.str() + more + ")\n";
}

}  // namespace

std::string sizes_script(const trace_profile& profile) {
  const range shown = sizes_in(profile);
  if (shown.first > shown.last) return "";
  std::ostringstream data;
  std::uint64_t most = 0;
  for (std::size_t k = shown.first; k <= shown.last; ++k) {
    data << k << ' ' << profile.blocks_by_size[k] << '\n';
    most = std::max(most, profile.blocks_by_size[k]);
  }
  return std::string(most < 10 ? "set ytics 1\n" : "") +
         "set yrange [0:*]\nset boxwidth 0.85\n"
         "set style fill solid 0.85 noborder\nset format y '%.0s%c'\n"
         "set xlabel 'bytes asked for, up to'\nset ylabel 'blocks'\n" +
         tics("x", shown, size_of_class) + "set xrange [" + std::to_string(shown.first) +
         "-0.6:" + std::to_string(shown.last) + "+0.6]\n$data << END\n" + data.str() +
         "END\nplot $data with boxes lc rgb '#1565c0'\n";
}

std::string lifetimes_script(const trace_profile& profile) {
  const range sizes = sizes_in(profile);
  if (sizes.first > sizes.last) return "";
  range lifetimes = lifetimes_in(profile);
  if (lifetimes.first > lifetimes.last) lifetimes = {0, 0};  // nothing is ever freed
  const std::size_t never = lifetimes.last + 2;
  std::ostringstream data;
  std::uint64_t most = 1;
  const auto field = [&](std::size_t lifetime, std::size_t size, std::uint64_t blocks) {
    if (blocks == 0) return;
    data << lifetime << ' ' << size << ' ' << blocks << '\n';
    most = std::max(most, blocks);
  };
  for (std::size_t size = sizes.first; size <= sizes.last; ++size) {
    for (std::size_t k = lifetimes.first; k <= lifetimes.last; ++k) {
      field(k, size, profile.blocks_by_size_and_lifetime[size][k]);
    }
    field(never, size, profile.never_freed_by_size[size]);
  }
  return "unset grid\nset xlabel 'events until it was freed, up to'\n"
         "set ylabel 'bytes asked for, up to'\nset cblabel 'blocks'\nset logscale cb\n"
         "set cbrange [1:" +
         std::to_string(std::max<std::uint64_t>(most, 10)) +
         "]\nset format cb '%.0s%c'\nset palette defined (0 '#e3f2fd', 1 '#64b5f6', 2 '#0d47a1')\n" +
         tics("x", lifetimes, events_of_class, ", 'never' " + std::to_string(never)) +
         tics("y", sizes, size_of_class) + "set xrange [" + std::to_string(lifetimes.first) +
         "-0.6:" + std::to_string(never) + "+0.6]\nset yrange [" + std::to_string(sizes.first) +
         "-0.6:" + std::to_string(sizes.last) +
         "+0.6]\nset style fill solid noborder\n$data << END\n" + data.str() +
         "END\nplot $data using 1:2:(0.48):(0.48):3 with boxxyerror fc palette\n";
}

}  // namespace zpmr::compare
