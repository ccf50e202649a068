// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

/// \file
/// Files, whole. Throws: `std::runtime_error` with the name of the file that is missing, malformed
/// or cannot be written.

namespace zpmr::bench {

std::string read_text(const std::filesystem::path& file);

void write_text(const std::filesystem::path& file, const std::string& text);

/// Effects: calls `take` with what the file holds, which may look for members that are missing.
void read_json(const std::filesystem::path& file,
               const std::function<void(const nlohmann::json&)>& take);

}  // namespace zpmr::bench
