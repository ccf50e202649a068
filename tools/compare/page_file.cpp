// SPDX-License-Identifier: MIT
#include "page_file.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "page.hpp"
#include "plots.hpp"
#include "trace_profile.hpp"

namespace zpmr::compare {

namespace fs = std::filesystem;

page_file::page_file(fs::path name) : name_(std::move(name)), written_(name_) {
  check_gnuplot();
  const fs::file_type type = fs::symlink_status(name_).type();
  // A device, a pipe and a link are to stay what they are, so they are written to directly.
  if (type == fs::file_type::regular || type == fs::file_type::not_found) written_ += ".part";
  if (type == fs::file_type::regular) check(std::ofstream(name_, std::ios::app));
  out_.open(written_);
  check(out_);
}

page_file::~page_file() {
  std::error_code ignored;
  if (written_ != name_) fs::remove(written_, ignored);
}

void page_file::write(const std::vector<comparison>& all) {
  write_page(out_, all);
  out_.close();
  if (!out_) {
    throw std::runtime_error("cannot write all of the page to \"" + written_.string() +
                             "\". See whether its disk has room.");
  }
  if (written_ != name_) fs::rename(written_, name_);
}

void page_file::check(const std::ofstream& file) const {
  if (file) return;
  throw bad_input("--html: cannot write \"" + name_.string() + "\" (" + std::strerror(errno) +
                  "). Name a file in a directory of yours.");
}

}  // namespace zpmr::compare
