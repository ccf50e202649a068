// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// Directories that stand for the root of a system.

namespace zpmr::test {

/// Files in a new directory, removed at the end.
class file_tree {
 public:
  using entry = std::pair<std::string_view, std::string_view>;  // path without "/" in front, text

  file_tree(std::initializer_list<entry> files) {
    std::string name = (std::filesystem::temp_directory_path() / "zpmr-test-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
    for (const auto& [path, text] : files) write(path, text);
  }
  ~file_tree() { std::filesystem::remove_all(root_); }
  file_tree(const file_tree&) = delete;
  file_tree& operator=(const file_tree&) = delete;

  void write(std::string_view path, std::string_view text) const {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out << text;
    BOOST_REQUIRE(out.flush());
  }

  [[nodiscard]] std::string root() const { return root_.string(); }

 private:
  std::filesystem::path root_;
};

}  // namespace zpmr::test
