// SPDX-License-Identifier: MIT
#include "gnuplot.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace zpmr::compare {
namespace {

namespace fs = std::filesystem;

class scratch_directory {
 public:
  scratch_directory() : path_((fs::temp_directory_path() / "zpmr-compare-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), "making " + path_);
    }
  }
  ~scratch_directory() {
    std::error_code none;
    fs::remove_all(path_, none);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  [[nodiscard]] fs::path operator/(const char* file) const { return fs::path(path_) / file; }

 private:
  std::string path_;
};

constexpr const char* look =
    "set encoding utf8\nset border 3 lc rgb '#607d8b'\n"
    "set tics nomirror out textcolor rgb '#37474f'\n"
    "set grid ytics lt 1 lc rgb '#eceff1'\n"
    "set key outside top center horizontal Left reverse samplen 2\n";

/// Returns: the word as the shell takes it.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

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

std::string drawn_by_gnuplot(const std::string& name, const std::string& script) {
  const scratch_directory scratch;
  const fs::path commands = scratch / "commands";
  std::ofstream(commands) << "set terminal svg size 900,400 dynamic noenhanced name '" << name
                          << "' font 'sans-serif,13' background 'white'\n"
                          << look << script;
  const std::string whole = output_of("gnuplot " + quoted(commands.string()));
  // The page has the declaration of a document already.
  const std::size_t begin = whole.find("<svg");
  if (begin == whole.npos) throw std::runtime_error("gnuplot has drawn nothing");
  return whole.substr(begin);
}

}  // namespace zpmr::compare
