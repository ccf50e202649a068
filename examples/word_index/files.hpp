// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace word_index {

namespace fs = std::filesystem;

struct file_list {
  std::vector<fs::path> files;
  std::size_t unreadable = 0;  // directories and links that could not be followed
};

/// Effects: adds the regular files below `directory`. Links to files count, links to directories
/// are not followed, so a loop of links has an end.
inline void add_files_below(const fs::path& directory, file_list& list) {
  std::error_code error;
  fs::directory_iterator at{directory, error};
  for (; !error && at != fs::directory_iterator{}; at.increment(error)) {
    std::error_code unknown;
    const fs::file_status status = at->status(unknown);
    if (unknown || !fs::exists(status)) {
      ++list.unreadable;
    } else if (fs::is_regular_file(status)) {
      list.files.push_back(at->path());
    } else if (fs::is_directory(status) && !at->is_symlink(unknown)) {
      add_files_below(at->path(), list);
    }
  }
  if (error) ++list.unreadable;
}

/// Returns: the file `path`, or the regular files below it, in an order that does not depend on the
/// file system.
inline file_list files_below(const fs::path& path) {
  file_list list;
  if (fs::is_directory(path)) {
    add_files_below(path, list);
  } else {
    list.files.push_back(path);
  }
  std::ranges::sort(list.files);
  return list;
}

enum class file_kind { text, not_text, unreadable };

constexpr bool is_part_of_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;  // letters beyond ASCII, in UTF-8
}

/// Effects: calls `f(std::string_view word, std::uint32_t line)` for each word of `file`.
/// Returns: what the file is; a zero byte near its start says that it is not text.
template <class F>
file_kind for_each_word(const fs::path& file, F&& f) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return file_kind::unreadable;

  std::array<char, 64 * 1024> buffer;
  std::string word;
  std::uint32_t line = 1;
  for (bool first = true; in; first = false) {
    in.read(buffer.data(), buffer.size());
    const std::string_view chunk{buffer.data(), static_cast<std::size_t>(in.gcount())};
    if (first && chunk.find('\0') != chunk.npos) return file_kind::not_text;
    for (const char c : chunk) {
      if (is_part_of_word(c)) {
        word += c;
        continue;
      }
      if (!word.empty()) f(std::string_view{word}, line);
      word.clear();
      if (c == '\n') ++line;
    }
  }
  if (!word.empty()) f(std::string_view{word}, line);
  return in.bad() ? file_kind::unreadable : file_kind::text;
}

}  // namespace word_index
