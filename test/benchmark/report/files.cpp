// SPDX-License-Identifier: MIT
#include "files.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace zpmr::bench {

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in || text.empty()) throw std::runtime_error("cannot read " + file.string());
  return text;
}

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file);
  if (!(out << text).flush()) throw std::runtime_error("cannot write " + file.string());
}

void read_json(const std::filesystem::path& file,
               const std::function<void(const nlohmann::json&)>& take) {
  try {
    take(nlohmann::json::parse(read_text(file)));
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(file.string() + ": " + error.what());
  }
}

}  // namespace zpmr::bench
