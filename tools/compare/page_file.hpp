// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "comparison.hpp"

namespace zpmr::compare {

/// The file that the page goes to. An earlier page stays there until the new one is complete.
class page_file {
 public:
  /// Effects: opens it, so that what cannot be written is told before the measuring begins.
  /// Throws: `bad_input`.
  explicit page_file(std::filesystem::path name);
  ~page_file();
  page_file(const page_file&) = delete;
  page_file& operator=(const page_file&) = delete;

  /// Effects: writes the page, and puts it in place. Throws: `std::runtime_error`.
  void write(const std::vector<comparison>& all);

 private:
  void check(const std::ofstream& file) const;

  std::filesystem::path name_;
  std::filesystem::path written_;
  std::ofstream out_;
};

}  // namespace zpmr::compare
