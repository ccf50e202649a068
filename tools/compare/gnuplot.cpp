// SPDX-License-Identifier: MIT
#include "gnuplot.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "channel.hpp"

namespace zpmr::compare {
namespace {

/// A file in memory, which processes that are started from here can read: nothing is left of it,
/// however the program ends, and no directory needs room for it.
class file_in_memory {
 public:
  explicit file_in_memory(std::string_view content)
      : descriptor_(::memfd_create("commands for gnuplot", 0)) {
    if (descriptor_ < 0) {
      throw std::system_error(errno, std::generic_category(), "making a file in memory");
    }
    write_all(descriptor_, std::as_bytes(std::span(content)));
  }
  ~file_in_memory() { ::close(descriptor_); }
  file_in_memory(const file_in_memory&) = delete;
  file_in_memory& operator=(const file_in_memory&) = delete;

  [[nodiscard]] std::string name() const { return "/dev/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

constexpr const char* look =
    "set encoding utf8\nset border 3 lc rgb '#607d8b'\n"
    "set tics nomirror out textcolor rgb '#37474f'\n"
    "set grid ytics lt 1 lc rgb '#eceff1'\n"
    "unset key\n";

/// Returns: what the command writes. Throws: `std::runtime_error` if it fails.
std::string output_of(const std::string& command) {
  std::FILE* const out = ::popen(command.c_str(), "r");
  if (out == nullptr) throw std::system_error(errno, std::generic_category(), "starting gnuplot");
  std::string text;
  std::array<char, 1 << 14> some{};
  while (const std::size_t count = std::fread(some.data(), 1, some.size(), out)) {
    text.append(some.data(), count);
  }
  if (::pclose(out) != 0) {
    throw std::runtime_error("gnuplot could not draw: see the lines above");
  }
  return text;
}

}  // namespace

bool gnuplot_is_there() {
  return std::system("command -v gnuplot >/dev/null 2>&1") == 0;
}

std::string drawn_by_gnuplot(const std::string& name, int height, const std::string& script) {
  const file_in_memory commands("set terminal svg size 900," + std::to_string(height) +
                                " dynamic noenhanced name '" + name +
                                "' font 'sans-serif,13' background 'white'\n" + look + script);
  const std::string whole = output_of("gnuplot " + commands.name());
  // The page has the declaration of a document already.
  const std::size_t begin = whole.find("<svg");
  if (begin == whole.npos) throw std::runtime_error("gnuplot has drawn nothing");
  return whole.substr(begin);
}

}  // namespace zpmr::compare
