// SPDX-License-Identifier: MIT
#pragma once

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <string_view>

namespace zpmr::test {

/// Returns: the root of a tree in test/recorded. test/CMakeLists.txt lists the tests that use it.
inline std::string recorded(std::string_view name) {
  const auto root = std::filesystem::path(ZPMR_TEST_RECORDED) / name;
  BOOST_REQUIRE(std::filesystem::is_directory(root));
  return root.string();
}

}  // namespace zpmr::test
