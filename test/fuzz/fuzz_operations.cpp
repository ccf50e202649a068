// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>

#include "operations.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  zpmr::test::do_operations({bytes, count});
  return 0;
}
