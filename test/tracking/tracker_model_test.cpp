// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_model
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz/operations.hpp"
#include "support/sanitizer.hpp"

// Sequences of operations on trees of trackers and on threads, against a model. Where the library
// does other than the model, the program ends with a line that says which rule was broken.

namespace {

using bytes = std::vector<std::uint8_t>;

bytes contents(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_inputs_that_the_fuzzer_found_do_what_the_model_does) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{ZPMR_SOURCE_DIR "/test/fuzz/corpus"})
    files.push_back(entry.path());
  std::ranges::sort(files);
  BOOST_TEST(files.size() >= 50u);
  for (const std::filesystem::path& each : files) {
    BOOST_TEST_CHECKPOINT(each);
    zpmr::test::do_operations(contents(each));
  }
}

BOOST_AUTO_TEST_CASE(random_operations_on_random_trees_do_what_the_model_does) {
  const unsigned seeds = zpmr::test::thread_sanitizer ? 10 : 40;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CHECKPOINT("seed " << seed);
    std::mt19937 random{seed};
    bytes operations(4000);
    std::ranges::generate(operations, [&] { return static_cast<std::uint8_t>(random()); });
    zpmr::test::do_operations(operations);
  }
}
